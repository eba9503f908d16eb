package io.github.offsetallocator;

import io.github.offsetallocator.internal.regions.SmallFloat;

/// How the range of a growable arena is cut: into slots of a power of two, of which an ordinary chunk takes four to nine. All
/// but the two shifts is in granules.
///
/// @param shift     a granule has 2^shift bytes
/// @param chunk     granules of an ordinary chunk: the smallest size of a bin
/// @param limit     granules that may have memory at once
/// @param slotShift a slot has 2^slotShift bytes
/// @param slots     how many there are, so that runs of them are found: see [#slots(long, long)]
record ChunkGeometry(int shift, long chunk, long limit, int slotShift, int slots) {
    private static final int SLOTS_OF_A_CHUNK_SHIFT = 2;
    /// Slots that may have memory at the limit: twice as many, and the spare ones, are 2^22.
    private static final long MOST_WITH_MEMORY = (1 << 21) - 12;
    /// More are not made if fewer will do.
    private static final long MANY = 1 << 16;
    private static final long SPARE_SLOTS = 24;
    private static final long MOST_UNITS = OffsetAllocator.MAX_CAPACITY;
    /// Granules of the limit and three chunks. Twice as many are room for twice the limit and the spare slots.
    private static final long MOST_WITH_THREE_CHUNKS = MOST_UNITS >>> 1;

    /// @param granuleShift that of the smallest granule that will do
    static ChunkGeometry of(long chunkByteSize, long maxByteSize, int granuleShift, int largestShift) {
        if (chunkByteSize <= 0 || chunkByteSize > maxByteSize) {
            throw new IllegalArgumentException("chunkByteSize " + chunkByteSize + " is not in 1 to maxByteSize, " + maxByteSize);
        }
        if (maxByteSize >>> granuleShift == 0) {
            throw new IllegalArgumentException("maxByteSize " + maxByteSize + " is less than a granule of " + (1L << granuleShift));
        }
        for (int shift = granuleShift; shift <= largestShift; shift++) {
            long units = (chunkByteSize - 1 >>> shift) + 1;
            if (units > MOST_UNITS >>> 1) {
                continue;
            }
            long limit = maxByteSize >>> shift;
            long rounded = SmallFloat.size(SmallFloat.roundUp(units));
            long chunk = rounded <= limit ? rounded : SmallFloat.size(SmallFloat.roundDown(limit));
            long slot = Math.max(1, Long.highestOneBit(chunk) >>> SLOTS_OF_A_CHUNK_SHIFT);
            if (limit / slot > MOST_WITH_MEMORY) {
                throw new IllegalArgumentException("maxByteSize " + maxByteSize + " is too many chunks of " + (chunk << shift)
                        + " bytes: with such chunks it must be less than " + ((MOST_WITH_MEMORY + 1) * slot << shift));
            }
            if (limit + 3 * chunk <= MOST_WITH_THREE_CHUNKS) {
                return new ChunkGeometry(shift, chunk, limit, shift + Long.numberOfTrailingZeros(slot), (int) slots(limit / slot + 1, MOST_UNITS / slot));
            }
        }
        throw new IllegalArgumentException("maxByteSize " + maxByteSize + " is too large: with three chunks of "
                + chunkByteSize + " bytes beside it, it must have less than 2^" + (32 - 1 + largestShift) + " bytes");
    }

    /// How many slots there are. Chunks that stay lie anywhere, and what is between them may be one slot too short for the next one. Of
    /// `n` slots that have memory k chunks take 4 or more each, and 3 more at their ends; so all that the limit leaves is found for sure
    /// among
    ///
    /// ```
    ///   (k + 1) * (n - 4 * k + 2) + 7 * k + 1        and for any k, at most       n * n / 16 + 2 * n + 24
    /// ```
    ///
    /// and a chunk of 4 slots, with the 2 at its ends, among 3 * n.
    ///
    /// @param n    slots that have memory at the limit
    /// @param most how many the range has room for
    private static long slots(long n, long most) {
        return Math.min(most, Math.max(3 * n, Math.min(MANY, n * n / 16 + 2 * n)) + SPARE_SLOTS);
    }

    long unit() {
        return 1L << shift;
    }

    /// The range, in granules.
    long capacity() {
        return (long) slots << slotShift - shift;
    }

    long largestAlignment() {
        return 1L << slotShift;
    }
}
