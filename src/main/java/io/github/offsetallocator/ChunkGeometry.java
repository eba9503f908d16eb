package io.github.offsetallocator;

import io.github.offsetallocator.internal.regions.SmallFloat;

/// How the range of a growable arena is cut: into slots of a power of two, of which an ordinary chunk takes four to nine. All
/// but the two shifts is in granules.
///
/// @param shift     a granule has 2^shift bytes
/// @param chunk     granules of an ordinary chunk: the smallest size of a bin
/// @param limit     granules that may have memory at once
/// @param slotShift a slot has 2^slotShift bytes
/// @param slots     how many there are: for twice the limit, so that runs of them are found
record ChunkGeometry(int shift, long chunk, long limit, int slotShift, int slots) {
    private static final int SLOTS_OF_A_CHUNK_SHIFT = 2;
    private static final long MOST_SLOTS = 1 << 22;
    private static final long SPARE_SLOTS = 24;
    private static final long MOST_UNITS = OffsetAllocator.MAX_CAPACITY;

    /// @param granuleShift that of the smallest granule that will do
    static ChunkGeometry of(long chunkByteSize, long maxByteSize, int granuleShift, int largestShift) {
        if (chunkByteSize <= 0 || chunkByteSize > maxByteSize) {
            throw new IllegalArgumentException("chunkByteSize " + chunkByteSize + " is not in 1 to maxByteSize, " + maxByteSize);
        }
        for (int shift = granuleShift; shift <= largestShift; shift++) {
            long units = (chunkByteSize - 1 >>> shift) + 1;
            if (units > MOST_UNITS >>> 1) {
                continue;
            }
            long chunk = SmallFloat.size(SmallFloat.roundUp(units));
            long limit = Math.max(chunk, maxByteSize >>> shift);
            long slot = Math.max(1, Long.highestOneBit(chunk) >>> SLOTS_OF_A_CHUNK_SHIFT);
            long slots = 2 * (limit / slot) + SPARE_SLOTS;
            if (slots > MOST_SLOTS) {
                throw new IllegalArgumentException("maxByteSize " + maxByteSize + " is too many chunks of " + chunkByteSize + " bytes: at most about half a million");
            }
            if (slots * slot <= MOST_UNITS) {
                return new ChunkGeometry(shift, chunk, limit, shift + Long.numberOfTrailingZeros(slot), (int) slots);
            }
        }
        throw new IllegalArgumentException("maxByteSize " + maxByteSize + " is too large: it must have less than 2^54 bytes");
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
