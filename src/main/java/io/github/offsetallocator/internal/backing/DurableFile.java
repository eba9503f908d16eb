package io.github.offsetallocator.internal.backing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.UnaryOperator;
import java.util.zip.CRC32C;

/// A file that holds an arena and the tables that say what is live in it, see [FilePlan].
///
/// ```
///   absent      -> the mark of an unfinished file, put there as a whole  -> unfinished
///   unfinished  -> locked, emptied, filled          -> plan in place of the mark   [#publish()]
///   there       -> locked, looked through, mapped   -> said to be open             [#publish()]
///   close       -> unmapped, checksum of the tables, said to be closed
/// ```
///
/// Until [#publish()] a file that was there is not written to, and one that was not is unfinished: nobody else's file starts with
/// that mark. Whoever gets its lock makes it anew, so a process that is killed meanwhile leaves nothing that has to be cleared away.
/// One store, of [FilePlan#write], makes it a finished one. What [StatePage] says of a file that was closed can be
/// trusted, since it said that it is open, on disk, before anything was changed.
///
/// All goes through the channel that has the lock: a second one, opened by the file's path, may be of another file.
public final class DurableFile extends Backing {
    private static final int BLOCK = 1 << 16;

    private final Path path;
    private final LockedFile opened;
    private final FilePlan plan;
    private final Arena arena;
    private final MemorySegment mapping;
    private final StatePage state;
    private final boolean reserves;
    private boolean isPublished;
    private boolean isSaidClosed;

    private DurableFile(Path path, LockedFile opened, FilePlan plan, Arena arena, MemorySegment mapping, boolean reserves) {
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
        try {
            return Uninterrupted.call(() -> {
                LockedFile opened = LockedFile.of(path);
                try {
                    return opened.isNew() ? make(path, opened, plan, shared, reserve) : find(path, opened, expected, shared, reserve);
                } catch (Throwable failure) {
                    opened.undo();
                    throw failure;
                }
            });
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            throw refused(path, e instanceof IOException io ? io : new IOException(e));
        }
    }

    private static UncheckedIOException refused(Path path, IOException e) {
        return new UncheckedIOException("can't open the durable arena " + path + ": " + (e.getClass() == IOException.class ? e.getMessage() : e), e);
    }

    // ---- open --------------------------------------------------------------------------------------------------

    private static DurableFile make(Path path, LockedFile opened, FilePlan plan, boolean shared, boolean reserve) throws IOException {
        opened.channel().truncate(FilePlan.MARK); // what a process that was killed has begun
        if (reserve) {
            DiskRoom.check(opened.place(), plan.byteSize());
            zero(opened.channel(), plan.dataAt(), plan.dataAt() + plan.byteSize());
        }
        zero(opened.channel(), FilePlan.MARK, 2 * FilePlan.PAGE);
        DurableFile made = map(path, opened, plan, shared, reserve);
        try {
            made.state.setUnits(plan.units());
            return made;
        } catch (Throwable failure) {
            made.arena.close();
            throw failure;
        }
    }

    private static DurableFile find(Path path, LockedFile opened, UnaryOperator<FilePlan> expected, boolean shared, boolean reserve) throws IOException {
        long length = opened.channel().size();
        byte[] pages = LockedFile.read(opened.channel(), 2 * FilePlan.PAGE);
        if (pages.length < 2 * FilePlan.PAGE) {
            throw new IOException("it is not the file of a durable arena: it has " + length + " bytes");
        }
        MemorySegment read = LockedFile.words(pages);
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

    private static DurableFile map(Path path, LockedFile opened, FilePlan plan, boolean shared, boolean reserves) throws IOException {
        Arena arena = newArena(shared);
        try {
            MemorySegment mapping = opened.channel().map(FileChannel.MapMode.READ_WRITE, 0, plan.fileLength(), arena);
            return new DurableFile(path, opened, plan, arena, mapping, reserves);
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    /// Says that the file is open. From here on it may be changed; a new one is finished from here on.
    public void publish() {
        state.open();
        if (opened.isNew()) {
            mapping.force();
            MemorySegment page = mapping.asSlice(0, FilePlan.PAGE);
            plan.write(page);
            page.force();
            forceDirectory(opened.place());
        } else {
            mapping.asSlice(FilePlan.PAGE, FilePlan.PAGE).force();
        }
        isPublished = true;
    }

    private static void forceDirectory(Path place) {
        try {
            Uninterrupted.call(() -> {
                try (FileChannel channel = FileChannel.open(place.getParent(), StandardOpenOption.READ)) {
                    channel.force(true);
                    return null;
                }
            });
        } catch (IOException e) { // not every system lets one do that
            return;
        }
    }

    // ---- the parts ---------------------------------------------------------------------------------------------

    public FilePlan plan() {
        return plan;
    }

    public boolean isNew() {
        return opened.isNew();
    }

    /// The place of a table, with room for the largest.
    public MemorySegment table(int table) {
        return mapping.asSlice(plan.at(table), plan.tables()[table]);
    }

    /// Bytes of a table that are on disk.
    public long tableBytes(int table) {
        return state.tableBytes(table);
    }

    /// Lets the disk have room for so many bytes of a table. It isn't asked before: a copy of a file may have its blocks already.
    ///
    /// @throws OutOfMemoryError if it has not
    public void growTable(int table, long byteSize) {
        reserve(plan.at(table) + tableBytes(table), plan.at(table) + byteSize, "the tables of ", 0);
        state.setTableBytes(table, byteSize);
    }

    /// @param mustBeFree bytes that the disk is asked for before it is written to
    private void reserve(long from, long to, String what, long mustBeFree) {
        try {
            DiskRoom.check(opened.place(), mustBeFree);
            zero(opened.channel(), from, to);
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
            reserve(plan.dataAt() + byteSize(), plan.dataAt() + byteSize, "what is to be added to ", byteSize - byteSize());
        }
        state.setUnits(byteSize >>> plan.granuleShift());
        mapping.asSlice(FilePlan.PAGE, FilePlan.PAGE).force();
    }

    /// Writes zeros where nothing but zeros is, so that the file system must find a place for them.
    private static void zero(FileChannel channel, long from, long to) throws IOException {
        Uninterrupted.apart(() -> {
            ByteBuffer zeros = ByteBuffer.allocate(BLOCK);
            long at = from;
            while (at < to) {
                at += channel.write(zeros.clear().limit((int) Math.min(BLOCK, to - at)), at);
            }
            return null;
        });
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
    public boolean isWhole() {
        try {
            return Uninterrupted.apart(opened.channel()::size) >= plan.fileLength();
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public void end() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    /// If the file can't be said to be closed, it is as a kill leaves it. It is given back all the same.
    @Override
    public synchronized void finish() {
        try {
            if (!isPublished) {
                opened.undo();
                return;
            }
            try {
                if (!isSaidClosed) {
                    isSaidClosed = true; // or it is told of now
                    sayClosed();
                }
            } finally {
                opened.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException("can't close the durable arena " + path, e);
        }
    }

    /// Nobody can change the tables any more: they are no longer mapped. They are on disk before the file says that it is closed. A file that
    /// somebody has cut does not say so, and is not made longer.
    private void sayClosed() throws IOException {
        Uninterrupted.apart(() -> {
            long length = opened.channel().size();
            if (length < plan.fileLength()) {
                throw new IOException("somebody has cut it: it has " + length + " bytes, not " + plan.fileLength());
            }
            try (Arena again = Arena.ofConfined()) {
                opened.channel().force(true);
                MemorySegment tables = opened.channel().map(FileChannel.MapMode.READ_WRITE, 0, plan.dataAt(), again);
                StatePage page = new StatePage(tables.asSlice(FilePlan.PAGE, FilePlan.PAGE));
                page.close(checksum(tables, plan, page));
                return null;
            }
        });
    }
}
