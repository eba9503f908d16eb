package io.github.offsetallocator.examples.guides;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// A cache of byte strings by number. After it is made, it makes no object, however many entries come and go.
///
/// ```
///  key --hash--> place:   keys[place] | blocks[place], 0 = none --handle--> bytes in the arena
/// ```
///
/// Each key has one place. Who comes to it last stays. When the arena is full, places are emptied in turn.
public final class ByteCache implements AutoCloseable {
    private final SegmentArena arena;
    private final long[] keys;
    private final long[] blocks;
    private int hand;

    /// @param byteSize of all values together
    /// @param places   a power of two; more than there will be values
    public ByteCache(long byteSize, int places) {
        arena = SegmentArena.ofConfined(byteSize);
        keys = new long[places];
        blocks = new long[places];
    }

    /// Copies a value into the cache.
    ///
    /// @return false if it is larger than the whole cache; the key has no value then
    public boolean put(long key, MemorySegment value) {
        int place = place(key);
        remove(place);
        if (value.byteSize() > arena.byteSize()) {
            return false;                        // nothing that goes would make room
        }
        long block = arena.tryAllocate(value.byteSize(), 1);
        while (block == SegmentArena.NO_SPACE) {
            remove(hand);
            hand = hand + 1 & keys.length - 1;
            block = arena.tryAllocate(value.byteSize(), 1);
        }
        MemorySegment.copy(value, 0, arena.backing(), arena.offset(block), value.byteSize());
        keys[place] = key;
        blocks[place] = block;
        return true;
    }

    /// Copies a value out of the cache.
    ///
    /// @return its size, or -1 if it isn't there
    public long get(long key, MemorySegment target) {
        int place = place(key);
        long block = blocks[place];
        if (block == 0 || keys[place] != key) {
            return -1;
        }
        long size = arena.size(block);
        MemorySegment.copy(arena.backing(), arena.offset(block), target, 0, size);
        return size;
    }

    private void remove(int place) {
        if (blocks[place] != 0) {
            arena.free(blocks[place]);
            blocks[place] = 0;
        }
    }

    private int place(long key) {
        return (int) (key * 0x9E3779B97F4A7C15L >>> 32) & keys.length - 1;
    }

    /// How many values there are.
    public int size() {
        return arena.allocations();
    }

    @Override
    public void close() {
        Arrays.fill(blocks, 0);
        arena.close();
    }

    /// A million values of up to 1,000 bytes through a cache of 1 MiB.
    public static void main(String[] args) {
        try (ByteCache cache = new ByteCache(1 << 20, 1 << 14)) {
            MemorySegment value = MemorySegment.ofArray(new byte[1000]);
            long hits = 0;
            for (long i = 0; i < 1_000_000; i++) {
                cache.put(i, value.asSlice(0, i % 1000));
                hits += cache.get(i - 100, value) >= 0 ? 1 : 0;
            }
            System.out.println(cache.size() + " values in the cache, " + hits + " hits");
        }
    }
}
