package io.github.offsetallocator.internal.backing;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/// A file that holds an arena and the tables that say what is live in it, see [FilePlan].
///
/// ```
///   absent   -> NAME.new: made, locked, filled  -> renamed to NAME   [#publish()]
///   there    -> locked, looked through, mapped  -> said to be open   [#publish()]
///   close    -> unmapped, checksum of the tables, said to be closed
/// ```
///
/// Until [#publish()] a file that was there is not written to, and one that was not is not there under its name. So a process
/// that is killed meanwhile leaves the one or the other, and nothing in between. What [StatePage] says of a file
/// that was closed can be trusted, since it said that it is open, on disk, before anything was changed.
///
/// Plain I/O goes through a [RandomAccessFile], since a channel is closed when an interrupted thread uses it.
public final class DurableFile extends Backing {
    private static final int BLOCK = 1 << 16;

    private final Path path;
    private final Opened opened;
    private final FilePlan plan;
    private final Arena arena;
    private final MemorySegment mapping;
    private final StatePage state;
    private final boolean reserves;
    private boolean isPublished;

    /// A file that is locked.
    ///
    /// @param isNew whether it has its other name yet
    private record Opened(Path place, RandomAccessFile file, Object claim, boolean isNew) {
        void close() throws IOException {
            file.close();
            if (claim != null) {
                FileClaims.release(claim);
            }
        }
    }

    private DurableFile(Path path, Opened opened, FilePlan plan, Arena arena, MemorySegment mapping, boolean reserves) {
        super(mapping.asSlice(plan.dataAt(), plan.maxByteSize()));
        this.reserves = reserves;
        this.path = path;
        this.opened = opened;
        this.plan = plan;
        this.arena = arena;
        this.mapping = mapping;
        state = new StatePage(mapping.asSlice(FilePlan.PAGE, FilePlan.PAGE));
    }

    /// Makes a file, or opens it if it is there.
    ///
    /// @param plan     of a new one
    /// @param expected from the plan that a file has to the plan that it must have
    /// @param reserve  whether the disk must have room for all that the arena has when it is made, or grows by
    /// @throws UncheckedIOException that names the path and the reason
    public static DurableFile of(Path path, FilePlan plan, UnaryOperator<FilePlan> expected, boolean shared, boolean reserve) {
        boolean wasInterrupted = Thread.interrupted(); // or a channel would be closed
        try {
            Opened opened = lock(path);
            try {
                return opened.isNew ? make(path, opened, plan, shared, reserve) : find(path, opened, expected, shared, reserve);
            } catch (Throwable failure) {
                abandon(opened);
                throw failure;
            }
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            throw refused(path, e instanceof IOException io ? io : new IOException(e));
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static UncheckedIOException refused(Path path, IOException e) {
        return new UncheckedIOException("can't open the durable arena " + path + ": " + (e.getClass() == IOException.class ? e.getMessage() : e), e);
    }

    // ---- open --------------------------------------------------------------------------------------------------

    private static Opened lock(Path path) throws IOException {
        File place = path.toFile();
        while (true) {
            if (Files.exists(path)) {
                if (!Files.isRegularFile(path)) {
                    throw new IOException(Files.isDirectory(path) ? "it is a directory" : "it is no regular file");
                }
                Object claim = FileClaims.claim(path);
                try {
                    return lock(new Opened(path, new RandomAccessFile(place, "rw"), claim, false));
                } catch (Throwable failure) {
                    FileClaims.release(claim);
                    throw failure;
                }
            }
            Path made = path.resolveSibling(path.getFileName() + ".new");
            Opened opened = lock(new Opened(made, new RandomAccessFile(made.toFile(), "rw"), null, true));
            if (opened.file.length() == 0 && !Files.exists(path)) {
                return new Opened(made, opened.file, FileClaims.claim(made), true);
            }
            abandon(opened); // left by a process that was killed, or another process has been faster
        }
    }

    private static Opened lock(Opened opened) throws IOException {
        try {
            if (opened.file.getChannel().tryLock() == null) {
                throw new IOException("another process has it: " + owner(opened.file) + "; see to it that this one ends, or closes it");
            }
            return opened;
        } catch (OverlappingFileLockException e) {
            opened.file.close();
            throw new IOException("another arena of this process has it", e);
        } catch (Throwable failure) {
            opened.file.close();
            throw failure;
        }
    }

    private static String owner(RandomAccessFile file) throws IOException {
        byte[] bytes = new byte[FilePlan.PAGE];
        if (file.length() < 2 * FilePlan.PAGE) {
            return "one that is making it";
        }
        file.seek(FilePlan.PAGE);
        file.readFully(bytes);
        return new StatePage(MemorySegment.ofArray(aligned(bytes))).owner();
    }

    /// The same bytes in an array that words can be read from.
    private static long[] aligned(byte[] bytes) {
        return MemorySegment.ofArray(bytes).toArray(ValueLayout.JAVA_LONG_UNALIGNED);
    }

    private static DurableFile make(Path path, Opened opened, FilePlan plan, boolean shared, boolean reserve) throws IOException {
        opened.file.setLength(plan.fileLength());
        if (reserve) {
            zero(opened.file, plan.dataAt(), plan.dataAt() + plan.byteSize());
        }
        zero(opened.file, 0, 2 * FilePlan.PAGE);
        DurableFile made = map(path, opened, plan, shared, reserve);
        made.state.setUnits(plan.units());
        return made;
    }

    private static DurableFile find(Path path, Opened opened, UnaryOperator<FilePlan> expected, boolean shared, boolean reserve) throws IOException {
        long length = opened.file.length();
        if (length < 2 * FilePlan.PAGE) {
            throw new IOException("it is not the file of a durable arena: it has " + length + " bytes");
        }
        byte[] pages = new byte[2 * FilePlan.PAGE];
        opened.file.readFully(pages);
        MemorySegment read = MemorySegment.ofArray(aligned(pages));
        FilePlan plan = FilePlan.read(read.asSlice(0, FilePlan.PAGE));
        plan.mustBe(expected.apply(plan), new StatePage(read.asSlice(FilePlan.PAGE)).units());
        if (length != plan.fileLength()) {
            throw new IOException("it has " + length + " bytes, not " + plan.fileLength());
        }
        DurableFile found = map(path, opened, plan, shared, reserve);
        try {
            found.state.check(plan);
            if (found.state.isClosed() && !found.state.wasClosedWith(checksum(found.mapping, plan, found.state))) {
                throw new IOException("its tables are damaged: they have changed since it was closed");
            }
            return found;
        } catch (Throwable failure) {
            found.arena.close();
            throw failure;
        }
    }

    private static DurableFile map(Path path, Opened opened, FilePlan plan, boolean shared, boolean reserves) throws IOException {
        Arena arena = newArena(shared);
        try {
            MemorySegment mapping = opened.file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, plan.fileLength(), arena);
            return new DurableFile(path, opened, plan, arena, mapping, reserves);
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    /// Closes a file; a new one goes.
    private static void abandon(Opened opened) throws IOException {
        if (opened.isNew) {
            Files.deleteIfExists(opened.place);
        }
        opened.close();
    }

    /// Says that the file is open. From here on it may be changed; a new one is there from here on.
    public void publish() {
        try {
            if (opened.isNew) {
                plan.write(mapping.asSlice(0, FilePlan.PAGE));
                state.open();
                mapping.force();
                Files.move(opened.place, path, StandardCopyOption.ATOMIC_MOVE);
                forceDirectory(path);
            } else {
                state.open();
                mapping.asSlice(FilePlan.PAGE, FilePlan.PAGE).force();
            }
            isPublished = true;
        } catch (IOException e) {
            throw refused(path, e);
        }
    }

    private static void forceDirectory(Path path) {
        Path directory = path.toAbsolutePath().getParent();
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) { // not every system lets one do that
            return;
        }
    }

    // ---- the parts ---------------------------------------------------------------------------------------------

    public FilePlan plan() {
        return plan;
    }

    public boolean isNew() {
        return opened.isNew;
    }

    /// The place of a table, with room for the largest.
    public MemorySegment table(int table) {
        return mapping.asSlice(plan.at(table), plan.tables()[table]);
    }

    /// Bytes of a table that are on disk.
    public long tableBytes(int table) {
        return state.tableBytes(table);
    }

    /// Lets the disk have room for so many bytes of a table.
    ///
    /// @throws OutOfMemoryError if it has not
    public void growTable(int table, long byteSize) {
        reserve(plan.at(table) + tableBytes(table), plan.at(table) + byteSize, "the tables of ");
        state.setTableBytes(table, byteSize);
    }

    private void reserve(long from, long to, String what) {
        try {
            zero(opened.file, from, to);
        } catch (IOException e) {
            OutOfMemoryError error = new OutOfMemoryError("no room on disk for " + what + path + ": " + e.getMessage());
            error.initCause(e);
            throw error;
        }
    }

    @Override
    public long byteSize() {
        return state.units() << plan.granuleShift();
    }

    @Override
    public DurableFile resizable() {
        return this;
    }

    /// Lets so many bytes of the arena be used; the caller has seen to it that there are so many. The store to the page is what makes
    /// it larger, for good: whoever opens the file takes the size from there. It is on disk before anything can lie in the new part.
    ///
    /// @throws OutOfMemoryError if there is to be room on disk, and is none; nothing has changed then
    public void setByteSize(long byteSize) {
        if (reserves) {
            reserve(plan.dataAt() + byteSize(), plan.dataAt() + byteSize, "what is to be added to ");
        }
        state.setUnits(byteSize >>> plan.granuleShift());
        mapping.asSlice(FilePlan.PAGE, FilePlan.PAGE).force();
    }

    /// Writes zeros where nothing but zeros is, so that the file system must find a place for them.
    private static void zero(RandomAccessFile file, long from, long to) throws IOException {
        byte[] zeros = new byte[BLOCK];
        file.seek(from);
        for (long at = from; at < to; at += BLOCK) {
            file.write(zeros, 0, (int) Math.min(BLOCK, to - at));
        }
    }

    private static long checksum(MemorySegment mapping, FilePlan plan, StatePage state) {
        CRC32C crc = new CRC32C();
        for (int table = 0; table < plan.tables().length; table++) {
            long bytes = state.tableBytes(table);
            for (long at = 0; at < bytes; at += 1 << 30) {
                crc.update(mapping.asSlice(plan.at(table) + at, Math.min(1 << 30, bytes - at)).asByteBuffer());
            }
        }
        return crc.getValue();
    }

    @Override
    public long root() {
        return state.root();
    }

    @Override
    public synchronized void setRoot(long root) {
        state.setRoot(root);
    }

    /// What is in blocks first, then what makes them live, then what names them.
    @Override
    public void force() {
        segment().force();
        mapping.asSlice(0, plan.dataAt()).force();
    }

    // ---- close -------------------------------------------------------------------------------------------------

    @Override
    public void close() {
        arena.close();
        try {
            if (!isPublished) {
                abandon(opened);
                return;
            }
            try {
                sayClosed();
            } finally {
                opened.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("can't close the durable arena " + path, e);
        }
    }

    /// Nobody can change the tables any more: they are no longer mapped. They are on disk before the file says that it is closed.
    private void sayClosed() throws IOException {
        boolean wasInterrupted = Thread.interrupted();
        try (Arena again = Arena.ofConfined()) {
            opened.file.getFD().sync();
            MemorySegment tables = opened.file.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, plan.dataAt(), again);
            StatePage page = new StatePage(tables.asSlice(FilePlan.PAGE, FilePlan.PAGE));
            page.close(checksum(tables, plan, page));
        } finally {
            if (wasInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
