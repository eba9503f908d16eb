package io.github.offsetallocator.internal.backing;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Memory in chunks that come and go, seen as one range. The range is cut into slots; a chunk takes a run of them, in
/// which its place differs from its address by a multiple of a slot's size. So what is aligned in the range is aligned in
/// memory, up to that size.
///
/// ```
///   slots     |       0       |       1       |       2       |       3       | …
///   range     |   [== chunk a ==]             |     [= chunk b =]             |      the rest has no memory
///   address        a.address                        b.address
/// ```
///
/// It ends no chunk, also when it is closed: whoever has taken one out does.
///
/// A place is found by its slot, an address in a hash table with an entry for each slot's size of addresses that a chunk
/// lies in. Both tables are replaced, not changed, so that they are read without a lock.
public sealed class ChunkedMemory extends Backing {
    private static final Chunk[] NONE = new Chunk[2];

    private final int slotShift;
    private final int mostSlots;
    private final boolean byAddress;
    private volatile Chunk[] bySlot = new Chunk[0];
    private volatile Chunk[] byAddressHash = NONE;

    /// @param slotShift a slot has 2^slotShift bytes
    /// @param mostSlots how many there are
    /// @param byAddress whether places must be aligned as addresses are
    public ChunkedMemory(int slotShift, int mostSlots, boolean byAddress) {
        super(MemorySegment.NULL);
        this.slotShift = slotShift;
        this.mostSlots = mostSlots;
        this.byAddress = byAddress;
    }

    // ---- places and addresses ----------------------------------------------------------------------------------

    @Override
    public MemorySegment segment() {
        throw new UnsupportedOperationException("the memory of a growable arena is not one segment: ask for the slice of an allocation, or its address");
    }

    @Override
    MemorySegment slice(long place, long byteSize) {
        Chunk chunk = at(place);
        return chunk.segment.asSlice(place - chunk.place, byteSize);
    }

    @Override
    MemorySegment sliceUpTo(long place, long byteSize) {
        Chunk chunk = at(place);
        return chunk.segment.asSlice(place - chunk.place, Math.min(byteSize, chunk.place + chunk.byteSize() - place));
    }

    @Override
    public Piece piece(long place) {
        return at(place);
    }

    @Override
    public long address(long place) {
        Chunk chunk = at(place);
        return chunk.address + (place - chunk.place);
    }

    @Override
    public long place(long at) {
        Chunk chunk = holding(at);
        return chunk == null ? -1 : chunk.place + (at - chunk.address);
    }

    @Override
    boolean owns(long at, long byteSize) {
        Chunk chunk = holding(at);
        return chunk != null ? byteSize <= chunk.byteSize() - (at - chunk.address) : byteSize == 0 && holding(at - 1) != null;
    }

    /// The chunk of a place that a block lies at. Another thread may have freed the block, and the chunk may be gone.
    private Chunk at(long place) {
        Chunk[] chunks = bySlot;
        int slot = (int) (place >>> slotShift);
        Chunk chunk = slot < chunks.length ? chunks[slot] : null;
        if (chunk == null) {
            throw new IllegalStateException("the allocation at " + place + " was freed by another thread, and its memory given back");
        }
        return chunk;
    }

    private Chunk holding(long at) {
        Chunk[] table = byAddressHash;
        int mask = table.length - 1;
        for (int i = hash(at >>> slotShift) & mask; table[i] != null; i = i + 1 & mask) {
            if (table[i].holds(at)) {
                return table[i];
            }
        }
        return null;
    }

    private static int hash(long key) {
        long mixed = key * 0x9E37_79B9_7F4A_7C15L;
        return (int) (mixed >>> 40);
    }

    // ---- chunks that come and go: the caller holds the arena's lock --------------------------------------------

    /// All chunks, by place.
    public List<Chunk> chunks() {
        List<Chunk> chunks = new ArrayList<>();
        Chunk last = null;
        for (Chunk chunk : bySlot) {
            if (chunk != null && chunk != last) {
                chunks.add(chunk);
            }
            last = chunk == null ? last : chunk;
        }
        return chunks;
    }

    /// Whether a chunk shares bytes with native memory. Creates no object.
    public boolean overlaps(long address, long byteSize) {
        for (Chunk chunk : bySlot) {
            if (chunk != null && chunk.opened().overlaps(address, byteSize)) {
                return true;
            }
        }
        return false;
    }

    /// The wall of the last chunk before this one that has one, or 0.
    public int wallBefore(Chunk chunk) {
        Chunk[] chunks = bySlot;
        for (int slot = chunk.firstSlot - 1; slot >= 0; slot--) {
            if (chunks[slot] != null && chunks[slot].wall() != 0) {
                return chunks[slot].wall();
            }
        }
        return 0;
    }

    /// Whether there is a place for a chunk of this size, wherever its memory lies.
    ///
    /// @param unit bytes, a power of two
    public boolean hasPlaceFor(long byteSize, long unit) {
        return findRun(slots(byteSize, unit)) >= 0;
    }

    /// Wherever it starts, so that it can take another's place.
    private int slots(long byteSize, long unit) {
        return (int) ((1L << slotShift) - 1 + byteSize + unit - 1 >>> slotShift) + 1;
    }

    /// Lets a segment be a chunk, which there is a place for. Behind it a unit at least stays without memory.
    ///
    /// @param unit bytes, a power of two
    public Chunk add(Source.Opened opened, long unit) {
        MemorySegment segment = opened.segment();
        long last = (1L << slotShift) - 1;
        long start = byAddress ? segment.address() & last : 0;
        int slots = slots(segment.byteSize(), unit);
        int first = findRun(slots);
        assert first >= 0 : slots;
        Chunk chunk = new Chunk(opened, ((long) first << slotShift) + start, first, slots);
        Chunk[] chunks = bySlot;
        chunks = Arrays.copyOf(chunks, Math.max(chunks.length, first + slots));
        Arrays.fill(chunks, first, first + slots, chunk);
        publish(chunks);
        return chunk;
    }

    private int findRun(int slots) {
        Chunk[] chunks = bySlot;
        int free = 0;
        for (int slot = 0; slot < mostSlots && free < slots; slot++) {
            free = slot < chunks.length && chunks[slot] != null ? 0 : free + 1;
            if (free == slots) {
                return slot - slots + 1;
            }
        }
        return -1;
    }

    public void remove(Chunk chunk) {
        Chunk[] chunks = bySlot.clone();
        Arrays.fill(chunks, chunk.firstSlot, chunk.firstSlot + chunk.slots, null);
        int end = chunks.length;
        while (end > 0 && chunks[end - 1] == null) {
            end--;
        }
        publish(end == chunks.length ? chunks : Arrays.copyOf(chunks, end));
    }

    /// The memory of all chunks is the caller's to end.
    public void removeAll() {
        publish(new Chunk[0]);
    }

    private void publish(Chunk[] chunks) {
        int size = 2;
        while (size < 4 * chunks.length) { // a chunk lies in one entry more than it has slots, at most
            size *= 2;
        }
        Chunk[] table = new Chunk[size];
        Chunk last = null;
        for (Chunk chunk : chunks) {
            if (chunk != null && chunk != last) {
                enter(table, chunk);
                last = chunk;
            }
        }
        byAddressHash = table;
        bySlot = chunks;
    }

    private void enter(Chunk[] table, Chunk chunk) {
        long end = chunk.address + chunk.byteSize() - 1 >>> slotShift;
        for (long key = chunk.address >>> slotShift; key <= end; key++) {
            int i = hash(key) & table.length - 1;
            while (table[i] != null) {
                i = i + 1 & table.length - 1;
            }
            table[i] = chunk;
        }
    }

    /// Chunks that are files which the arena has mapped.
    public static final class InFiles extends ChunkedMemory {
        public InFiles(int slotShift, int mostSlots, boolean byAddress) {
            super(slotShift, mostSlots, byAddress);
        }

        /// Writes all chunks, without the arena's lock, since a disk takes long. Another thread may give one back meanwhile: nothing that
        /// is live is in it.
        @Override
        public void force() {
            for (Chunk chunk : chunks()) {
                chunk.opened().force();
            }
        }
    }
}
