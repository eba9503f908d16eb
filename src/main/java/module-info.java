/// An O(1) allocator of offsets, and an arena of memory segments on top of it.
module io.github.offsetallocator {
    requires static jdk.jfr;

    exports io.github.offsetallocator;
}
