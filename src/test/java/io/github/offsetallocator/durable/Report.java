package io.github.offsetallocator.durable;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// What a worker says about one call, before it and after it: a few numbers, written at once, so that a kill can't cut it.
///
/// @param isDone    whether the call has returned
/// @param thread    who made it
/// @param kind      which call
/// @param arguments what it was called with, or what it returned
record Report(boolean isDone, int thread, Kind kind, long... arguments) {
    enum Kind {
        /// The arena is being opened.
        OPEN,
        /// size, alignment -> handle or -1
        ALLOCATE,
        /// The same, of more than any free region has: slabs are dissolved for it.
        DISSOLVE,
        /// bytes that the arena is to have
        GROW,
        /// handle, tag
        TAG,
        /// handle: all bytes are written, by the tag
        FILL,
        /// handle
        FREE, FREE_SEGMENT, RETIRE,
        /// handles
        FREE_ALL,
        /// handle, size -> 1 if it succeeded
        RESIZE,
        /// handle, size -> handle or -1
        REALLOCATE,
        /// handle or 0
        ROOT,
        /// seed, number: blocks that are allocated and all freed again
        CHURN,
        RESET, CLOSE
    }

    private static final int MOST = 40;

    static final int CHURN_SIZES = 3;

    static Report before(int thread, Kind kind, long... arguments) {
        return new Report(false, thread, kind, arguments);
    }

    static Report after(int thread, Kind kind, long... results) {
        return new Report(true, thread, kind, results);
    }

    void write(OutputStream out) {
        ByteBuffer bytes = ByteBuffer.allocate(16 + 8 * arguments.length);
        bytes.putInt(isDone ? 1 : 0).putInt(thread).putInt(kind.ordinal()).putInt(arguments.length);
        for (long argument : arguments) {
            bytes.putLong(argument);
        }
        try {
            out.write(bytes.array()); // shorter than what a pipe takes at once
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /// The next one, or null at the end.
    static Report read(DataInputStream in) throws IOException {
        try {
            boolean isDone = in.readInt() == 1;
            int thread = in.readInt();
            Kind kind = Kind.values()[in.readInt()];
            long[] arguments = new long[in.readInt()];
            if (arguments.length > MOST) {
                throw new IOException("a report with " + arguments.length + " numbers");
            }
            for (int i = 0; i < arguments.length; i++) {
                arguments[i] = in.readLong();
            }
            return new Report(isDone, thread, kind, arguments);
        } catch (EOFException e) {
            return null;
        }
    }

    static DataInputStream reader(InputStream in) {
        return new DataInputStream(new java.io.BufferedInputStream(in, 1 << 16));
    }

    /// Byte `i` of a block with a tag.
    static byte content(long tag, long i) {
        return (byte) (tag + i * 31 + (i >>> 8));
    }

    /// Sizes of the blocks of a churn.
    static long[] churn(long seed, int number) {
        java.util.SplittableRandom random = new java.util.SplittableRandom(seed);
        long[] kinds = new long[CHURN_SIZES];
        Arrays.setAll(kinds, _ -> 1 + random.nextInt(random.nextInt(4) == 0 ? 4000 : 300));
        long[] sizes = new long[number];
        Arrays.setAll(sizes, _ -> kinds[random.nextInt(CHURN_SIZES)]);
        return sizes;
    }

    @Override
    public String toString() {
        return (isDone ? "done " : "to do ") + thread + " " + kind + " "
                + Arrays.stream(arguments).mapToObj(Long::toHexString).toList();
    }
}
