package io.github.offsetallocator.examples;

import io.github.offsetallocator.SegmentArena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.function.BiConsumer;

/// A map from bytes to bytes in a file, which is warm again after a restart and survives `kill -9`: what a cache would build on.
/// For one thread.
///
/// ```
///   root -> table    | link 64 | link 64 | …            one for each bucket
///                         |
///                         v
///           entry    | next link 64 | hash 32 | key length 32 | key | value |      -> next entry of the bucket
/// ```
///
/// A link is a handle, or 0. **One store decides**: an entry is written as a whole before the one store of the link that leads to
/// it, and freed after the one store of the link that led to it. A kill in between leaves a block that no link leads to; opening
/// frees those.
public final class PersistentMap implements AutoCloseable {
    private static final ValueLayout.OfLong LINK = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
    /// The tag of a table, by which a map is known.
    private static final long MAP = 0x70616d74657370L;
    private static final int NEXT = 0, HASH = 8, KEY_LENGTH = 12, HEADER = 16;

    private final SegmentArena arena;
    private final MemorySegment table;
    private long size;

    private PersistentMap(SegmentArena arena, int buckets) {
        this.arena = arena;
        if (arena.root() == 0) {
            long made = arena.tryAllocate((long) buckets * Long.BYTES, Long.BYTES);
            if (made == SegmentArena.NO_SPACE) {
                throw new IllegalArgumentException("no room for " + buckets + " buckets");
            }
            arena.segment(made).fill((byte) 0);
            arena.setTag(made, MAP);
            arena.setRoot(made);
        }
        if (arena.tag(arena.root()) != MAP) {
            throw new IllegalArgumentException(arena + " is no map: its root is something else");
        }
        table = arena.segment(arena.root());
        sweep();
    }

    /// Opens a map, or makes one.
    ///
    /// @param file     the file
    /// @param byteSize room for table, keys and values, the same each time
    /// @param buckets  of a new map: about as many as there will be entries, a power of two
    public static PersistentMap open(Path file, long byteSize, int buckets) {
        if (Integer.bitCount(buckets) != 1) {
            throw new IllegalArgumentException("buckets " + buckets + " is not a power of two");
        }
        SegmentArena arena = SegmentArena.builder().durable(file, byteSize).build();
        try {
            return new PersistentMap(arena, buckets);
        } catch (Throwable failure) {
            arena.close();
            throw failure;
        }
    }

    /// Frees what a kill has left without a link, and counts the rest.
    private void sweep() {
        long[] found = new long[arena.allocations()];
        int[] n = {0};
        arena.forEachAllocation(handle -> found[n[0]++] = handle);
        for (long handle : found) {
            if (handle != arena.root() && !isLinked(handle)) {
                arena.free(handle);
            } else if (handle != arena.root()) {
                size++;
            }
        }
    }

    private boolean isLinked(long handle) {
        MemorySegment entry = arena.segment(handle);
        if (entry.byteSize() < HEADER) {
            return false;
        }
        long other = table.get(LINK, bucket(entry.get(INT, HASH)));
        while (other != 0 && other != handle) {
            other = arena.segment(other).get(LINK, NEXT);
        }
        return other == handle;
    }

    private long bucket(int hash) {
        return (hash & (table.byteSize() >>> 3) - 1) << 3;
    }

    private static int hash(byte[] key) {
        int hash = Arrays.hashCode(key) * 0x9E3779B9;
        return hash ^ hash >>> 15;
    }

    /// How many entries there are.
    public long size() {
        return size;
    }

    /// The value of a key, or null.
    public byte[] get(byte[] key) {
        int hash = hash(key);
        for (long handle = table.get(LINK, bucket(hash)); handle != 0;) {
            MemorySegment entry = arena.segment(handle);
            if (isOf(entry, key, hash)) {
                return entry.asSlice(HEADER + key.length).toArray(ValueLayout.JAVA_BYTE);
            }
            handle = entry.get(LINK, NEXT);
        }
        return null;
    }

    private static boolean isOf(MemorySegment entry, byte[] key, int hash) {
        return entry.get(INT, HASH) == hash && entry.get(INT, KEY_LENGTH) == key.length
                && MemorySegment.mismatch(entry, HEADER, HEADER + key.length, MemorySegment.ofArray(key), 0, key.length) < 0;
    }

    /// Sets the value of a key.
    ///
    /// @return false if there is no room; the key has its old value then, if it had one
    public boolean put(byte[] key, byte[] value) {
        long made = arena.tryAllocate((long) HEADER + key.length + value.length, Long.BYTES);
        if (made == SegmentArena.NO_SPACE) {
            return false;
        }
        int hash = hash(key);
        MemorySegment entry = arena.segment(made);
        entry.set(INT, HASH, hash);
        entry.set(INT, KEY_LENGTH, key.length);
        MemorySegment.copy(key, 0, entry, ValueLayout.JAVA_BYTE, HEADER, key.length);
        MemorySegment.copy(value, 0, entry, ValueLayout.JAVA_BYTE, HEADER + key.length, value.length);
        replace(key, hash, entry, made);
        return true;
    }

    /// Removes a key. Returns whether it was there.
    public boolean remove(byte[] key) {
        return replace(key, hash(key), null, 0);
    }

    /// Lets the link to a key's entry lead to another one, or past it.
    private boolean replace(byte[] key, int hash, MemorySegment by, long handle) {
        MemorySegment place = table;
        long at = bucket(hash);
        long old = place.get(LINK, at);
        while (old != 0 && !isOf(arena.segment(old), key, hash)) {
            place = arena.segment(old);
            at = NEXT;
            old = place.get(LINK, at);
        }
        long behind = old == 0 ? 0 : arena.segment(old).get(LINK, NEXT);
        if (by != null) {
            by.set(LINK, NEXT, behind);
        }
        VarHandle.releaseFence(); // the entry, before the link to it
        place.set(LINK, at, by == null ? behind : handle);
        VarHandle.releaseFence();
        if (old != 0) {
            arena.free(old);
        }
        size += (by == null ? 0 : 1) - (old == 0 ? 0 : 1);
        return old != 0;
    }

    /// Visits all entries, in no order.
    public void forEach(BiConsumer<byte[], byte[]> visitor) {
        for (long at = 0; at < table.byteSize(); at += LINK.byteSize()) {
            for (long handle = table.get(LINK, at); handle != 0;) {
                MemorySegment entry = arena.segment(handle);
                int length = entry.get(INT, KEY_LENGTH);
                visitor.accept(entry.asSlice(HEADER, length).toArray(ValueLayout.JAVA_BYTE),
                        entry.asSlice(HEADER + length).toArray(ValueLayout.JAVA_BYTE));
                handle = entry.get(LINK, NEXT);
            }
        }
    }

    /// Makes all that was done before safe from a loss of power.
    public void force() {
        arena.force();
    }

    @Override
    public void close() {
        arena.close();
    }
}
