package io.github.offsetallocator.tools;

/// Sizes of live blocks that share a colour, and what else has one.
enum SizeClass {
    TO_32(32, "up to 32 B"),
    TO_64(64, "33 to 64 B"),
    TO_128(128, "65 to 128 B"),
    TO_256(256, "129 to 256 B"),
    TO_1K(1 << 10, "257 B to 1 KiB"),
    TO_4K(4 << 10, "1 to 4 KiB"),
    TO_64K(64 << 10, "4 to 64 KiB"),
    ABOVE(Long.MAX_VALUE, "above 64 KiB"),
    /// What waits for `reclaim`, of any size.
    RETIRED(-1, "retired"),
    /// What has no memory.
    NONE(-1, "no memory, between chunks");

    private final long largest;
    private final String label;

    SizeClass(long largest, String label) {
        this.largest = largest;
        this.label = label;
    }

    static SizeClass of(HeapSnapshot.Region region) {
        return region.isLive() ? of(region.shownSize()) : region.isUsed() ? RETIRED : NONE;
    }

    private static SizeClass of(long bytes) {
        for (SizeClass sizeClass : values()) {
            if (bytes <= sizeClass.largest) {
                return sizeClass;
            }
        }
        throw new AssertionError(bytes);
    }

    String label() {
        return label;
    }
}
