package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.slabs.Slabs;
import io.github.offsetallocator.internal.tables.Header;
import io.github.offsetallocator.internal.tables.SlabTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/// An engine, and what it must hold: every call is made on both.
final class Shadow {
    /// Parts of a unit, as a power of two.
    static final int SHIFT = 4;

    /// Kinds of calls that store something.
    enum Kind {
        SMALL, POPULAR, LARGE, EMPTY, ALIGNED, TIGHT, FREE, FREE_AT, FREE_ALL, RETIRE, FREE_RETIRED, RESIZE, TAG, PLAN, MOVE, END_PLAN,
        GROW, RESET
    }

    private static final Kind[] KINDS = Kind.values();
    private static final int SALT = 1000;
    private static final int FEWEST_STRIPES = 8;

    /// A block that is live or retired.
    static final class Block {
        private int index;
        /// 0 if nobody knows it.
        long handle;
        long offset;
        long size;
        int slack;
        long tag;
        boolean isRetired;
        /// Made or retired by a call that was cut short, so that its caller has no handle.
        boolean isLost;
    }

    /// A call with its arguments.
    static final class Call {
        final Kind kind;
        final List<Block> inHand = new ArrayList<>();
        long size;
        long alignment = 1;
        int slack;
        long value;
        private long result;
        private Compaction plan;

        Call(Kind kind) {
            this.kind = kind;
        }

        boolean allocates() {
            return kind.ordinal() <= Kind.TIGHT.ordinal();
        }

        @Override
        public String toString() {
            return kind + " size " + size + " alignment " + alignment + " value " + value
                    + (inHand.isEmpty() ? "" : " block " + Long.toHexString(inHand.getFirst().handle) + " at " + inHand.getFirst().offset);
        }
    }

    /// What a walk has shown.
    private record Region(long offset, long size, long handle) {}

    final Engine engine;
    final boolean byOffset;
    private final List<Block> blocks = new ArrayList<>();
    private final long[] sizes;
    private final SplittableRandom random;
    private long capacity;
    private Compaction plan;
    /// Before a slab is made anew.
    private int rowsUsed;
    /// The block, from and to of each move of the plan.
    private final List<long[]> moves = new ArrayList<>();

    /// @param sizes those that are asked for often
    Shadow(Settings settings, long[] sizes, long seed) {
        engine = Engine.of(settings);
        byOffset = settings.byOffset();
        capacity = settings.capacity();
        this.sizes = sizes;
        random = new SplittableRandom(seed);
        if (engine instanceof OneThread one) { // the same generations in each run
            MemorySegment t = one.regions().table();
            Header.setHalf(t, Header.GENERATION, SALT);
            Header.setHalf(t, Header.FLOOR, SALT);
        }
    }

    // ---- calls -------------------------------------------------------------------------------------------------

    /// Takes the first half of the range, so that what follows lies behind it.
    void takeHalf() {
        Call call = new Call(Kind.LARGE);
        call.size = capacity >>> 1;
        run(call);
        done(call);
    }

    /// Makes some calls on a thread that has another stripe.
    void useASecondStripe() {
        Thread thread = new Thread(() -> {
            for (int i = 0; i < 100; i++) {
                make(Kind.POPULAR);
            }
        });
        boolean hasOwn = thread.threadId() % FEWEST_STRIPES != Thread.currentThread().threadId() % FEWEST_STRIPES;
        if (hasOwn) {
            thread.start();
            try {
                thread.join();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        } else {
            useASecondStripe(); // the next thread has another number
        }
    }

    /// Fills the range with empty slabs of one size, so that the call which this returns finds no room for a slab of the other.
    Call beforeASlabIsMadeAnew(int size, int other) {
        useASecondStripe();
        Slabs slabs = engine.one().slabs();
        List<Block> made = new ArrayList<>();
        while (Header.isRoomy(engine.one().regions().table(), 4)) {
            Call call = new Call(Kind.POPULAR);
            call.size = size;
            run(call);
            done(call);
            made.add(blocks.getLast());
        }
        made.stream().filter(block -> SlabTable.isSlot(block.handle)).forEach(block -> {
            engine.free(block.handle);
            remove(block);
        });
        SlabTable.setHalf(slabs.head(), SlabTable.line(other) + SlabTable.HEAT, 100);
        rowsUsed = SlabTable.half(slabs.head(), SlabTable.ROWS_USED);
        Call call = new Call(Kind.POPULAR);
        call.size = other;
        return call;
    }

    void checkIsInASlabMadeAnew(Call call) {
        MemorySegment head = engine.one().slabs().head();
        check(SlabTable.isSlot(call.result), "not in a slab: ", call);
        check(SlabTable.half(head, SlabTable.ROWS_USED) == rowsUsed, "rows in use: ", SlabTable.half(head, SlabTable.ROWS_USED), ", not ", rowsUsed);
    }

    /// Makes random calls.
    void work(int calls) {
        for (int i = 0; i < calls; i++) {
            int dice = random.nextInt(100);
            Kind kind = dice < 25 ? Kind.SMALL : dice < 38 ? Kind.POPULAR : dice < 42 ? Kind.LARGE : dice < 46 ? Kind.ALIGNED
                    : dice < 78 ? Kind.FREE : KINDS[random.nextInt(KINDS.length)];
            if (kind == Kind.RESET && random.nextInt(8) > 0) {
                kind = Kind.FREE;
            }
            make(kind);
        }
    }

    /// Makes a call of one kind, if there is what it needs.
    void make(Kind kind) {
        Call call = prepare(kind, random);
        if (call != null) {
            run(call);
            done(call);
        }
    }

    /// Chooses the arguments of a call. Returns null if there is no block or plan for it.
    Call prepare(Kind kind, SplittableRandom random) {
        Call call = new Call(kind);
        call.slack = random.nextInt(1 << SHIFT);
        switch (kind) {
            case SMALL -> call.size = 1 + random.nextInt(random.nextBoolean() ? 4 : 24);
            case POPULAR -> call.size = sizes[random.nextInt(sizes.length)];
            case LARGE -> call.size = 1 + random.nextLong(Math.max(1, capacity >>> random.nextInt(4, 12)));
            case EMPTY -> call.slack = 0;
            case ALIGNED -> {
                call.alignment = 1L << random.nextInt(1, 8);
                call.size = random.nextBoolean() ? 1 + random.nextInt(40) : call.alignment * random.nextInt(1, 3);
            }
            case TIGHT -> {
                long free = engine.freeUnits();
                call.size = Math.max(1, free - random.nextLong(Math.max(1, free >>> random.nextInt(1, 6))));
            }
            case FREE_ALL -> {
                for (int i = random.nextInt(1, 12); i > 0; i--) {
                    Block block = pick(random, false);
                    if (block != null && !call.inHand.contains(block)) {
                        call.inHand.add(block);
                    }
                }
            }
            case FREE, FREE_AT, RETIRE, RESIZE, TAG -> add(call, pick(random, false));
            case FREE_RETIRED -> add(call, pick(random, true));
            case MOVE -> {
                if (plan != null && !moves.isEmpty()) {
                    long[] move = moves.removeFirst();
                    add(call, ofHandle(move[0]));
                    call.size = move[1];
                    call.value = move[2];
                }
            }
            case GROW -> call.value = Math.min(0xFFFF_FFFFL, capacity + random.nextInt(300));
            case RESET -> call.inHand.addAll(blocks);
            case PLAN, END_PLAN -> {}
        }
        switch (kind) {
            case RESIZE -> call.size = random.nextInt(3) == 0 ? random.nextInt(smallest(), 60)
                    : call.inHand.isEmpty() ? 0 : Math.max(1, call.inHand.getFirst().size + random.nextInt(-20, 40));
            case TAG -> call.value = random.nextLong();
            case PLAN -> {
                call.size = 1 + random.nextLong(Math.max(1, engine.freeUnits()));
                call.alignment = 1L << random.nextInt(4);
            }
            default -> {}
        }
        boolean isShort = switch (kind) {
            case FREE, FREE_ALL, RETIRE, FREE_RETIRED, RESIZE, TAG, MOVE -> call.inHand.isEmpty();
            case FREE_AT -> call.inHand.isEmpty() || !byOffset;
            case EMPTY -> smallest() > 0;
            case PLAN -> plan != null;
            case END_PLAN -> plan == null;
            default -> false;
        };
        return isShort ? null : call;
    }

    private void add(Block block) {
        block.index = blocks.size();
        blocks.add(block);
    }

    /// Takes a block out; the last one takes its place.
    private void remove(Block block) {
        Block last = blocks.removeLast();
        if (last != block) {
            last.index = block.index;
            blocks.set(last.index, last);
        }
    }

    int count() {
        return blocks.size();
    }

    private static void add(Call call, Block block) {
        if (block != null) {
            call.inHand.add(block);
        }
    }

    private Block pick(SplittableRandom random, boolean isRetired) {
        for (int tries = 0; tries < 8 && !blocks.isEmpty(); tries++) {
            Block block = blocks.get(random.nextInt(blocks.size()));
            if (block.isRetired == isRetired && !block.isLost) {
                return block;
            }
        }
        return null;
    }

    private Block ofHandle(long handle) {
        for (Block block : blocks) {
            if (block.handle == handle && !block.isRetired) {
                return block;
            }
        }
        return null;
    }

    /// Blocks that can be found by their offset have a size.
    private int smallest() {
        return byOffset ? 1 : 0;
    }

    /// The engine's part of a call.
    void run(Call call) {
        Block block = call.inHand.isEmpty() ? null : call.inHand.getFirst();
        switch (call.kind) {
            case FREE -> engine.free(block.handle);
            case FREE_AT -> call.result = engine.freeAt(block.offset, (block.size << SHIFT) - block.slack, SHIFT);
            case FREE_ALL -> engine.freeAll(call.inHand.stream().mapToLong(one -> one.handle).toArray(), 0, call.inHand.size());
            case RETIRE -> engine.retire(block.handle);
            case FREE_RETIRED -> engine.freeRetired(block.handle);
            case RESIZE -> call.result = engine.resize(block.handle, call.size, call.slack) ? 1 : 0;
            case TAG -> engine.setTag(block.handle, call.value);
            case PLAN -> call.plan = engine.plan(call.size, call.alignment, made -> made);
            case MOVE -> call.result = engine.move(block.handle, call.size, call.value) ? 1 : 0;
            case END_PLAN -> engine.endPlan(plan);
            case GROW -> engine.grow(call.value);
            case RESET -> engine.reset();
            default -> call.result = engine.allocate(call.size, call.alignment, call.slack);
        }
    }

    /// The shadow's part of a call that has returned.
    void done(Call call) {
        Block block = call.inHand.isEmpty() ? null : call.inHand.getFirst();
        switch (call.kind) {
            case FREE, FREE_ALL, FREE_RETIRED, RESET -> call.inHand.forEach(this::remove);
            case FREE_AT -> {
                check(call.result == Engine.FREED, call, ": freeAt returned ", call.result);
                remove(block);
            }
            case RETIRE -> {
                block.isRetired = true;
            }
            case RESIZE -> {
                if (call.result == 1) {
                    block.size = call.size;
                    block.slack = call.slack;
                }
            }
            case TAG -> block.tag = call.value;
            case PLAN -> begin(call.plan);
            case MOVE -> block.offset = call.result == 1 ? call.value : block.offset;
            case GROW -> capacity = Math.max(capacity, call.value);
            case END_PLAN -> {}
            default -> {
                if (call.result != Engine.NO_SPACE) {
                    Block made = new Block();
                    made.handle = call.result;
                    made.offset = engine.offset(call.result);
                    made.size = call.size;
                    made.slack = call.slack;
                    add(made);
                    check((made.offset & call.alignment - 1) == 0, call, ": lies at ", made.offset);
                    check(made.handle >>> 32 > SALT || !(engine instanceof OneThread), call, ": a generation that there may have been, ", Long.toHexString(made.handle));
                }
            }
        }
        if (call.kind == Kind.RESET || call.kind == Kind.END_PLAN) {
            plan = null;
        }
    }

    private void begin(Compaction made) {
        plan = made.count() == 0 ? null : made;
        moves.clear();
        for (int i = 0; i < made.count(); i++) {
            long handle = engine.handle(made, i);
            moves.add(new long[] {handle, engine.offset(handle), made.target(i)});
        }
    }

    boolean hasPlan() {
        return plan != null;
    }

    // ---- after a call was cut short ----------------------------------------------------------------------------

    /// Calls that don't need to know what has become of the one that was cut short.
    void meanwhile(Call cut, SplittableRandom random) {
        for (int i = 0; i < 6; i++) {
            Call call = prepare(random.nextBoolean() ? Kind.FREE : i < 4 ? Kind.SMALL : Kind.POPULAR, random);
            if (call != null && call.inHand.stream().noneMatch(cut.inHand::contains)) {
                run(call);
                done(call);
            }
        }
    }

    /// What can be asked at once of all blocks that the call that was cut short did not have in hand.
    void ask(Call cut) {
        int others = 0;
        for (Block block : blocks) {
            if (!cut.inHand.contains(block)) {
                others += block.isRetired ? 0 : 1;
                check(!byOffset || block.isRetired || engine.find(block.offset) == block.handle, "not to be found by its offset: ", block.offset);
                check(block.isRetired || engine.size(block.handle, SHIFT) == (block.size << SHIFT) - block.slack, "another block has changed, at ", block.offset);
            }
        }
        int now = engine.blocks() - others;
        check(now >= 0 && now <= Math.max(1, cut.inHand.size()), "blocks ", engine.blocks(), ", without the one in hand ", others);
        check(engine.retired() <= blocks.size() - others, "retired ", engine.retired());
        check(engine.largestFree() <= engine.capacity(), "largest free region ", engine.largestFree());
    }

    /// Compares the engine with what it must hold after a call that was cut short, and takes over what has become of the
    /// block in hand.
    void settle(Call cut) {
        engine.verify();
        if (plan != null && !engine.isPlan(plan)) {
            plan = null;
        }
        if (cut.kind == Kind.GROW) {
            check(engine.capacity() == capacity || engine.capacity() == cut.value, "neither the old nor the new capacity, ", engine.capacity());
            capacity = engine.capacity();
        }
        List<Region> unknown = walk();
        int ended = 0;
        for (Block block : List.copyOf(blocks)) {
            Region region = take(unknown, block);
            if (!cut.inHand.contains(block)) {
                check(region != null, "a block has gone, ", Long.toHexString(block.handle));
                check(isAs(block, region, block.size, block.slack, block.offset, block.tag), "another block has changed: ", region);
            } else if (region == null) {
                remove(block);
                ended++;
            } else {
                takeOver(cut, block, region);
            }
        }
        check(cut.kind != Kind.RESET || ended == 0 || ended == cut.inHand.size(), "a reset has freed ", ended, " of ", cut.inHand.size());
        check(cut.kind != Kind.RETIRE || ended == unknown.size(), "a block that was being retired has gone, or is there twice: ", unknown);
        check(cut.kind != Kind.RESIZE && cut.kind != Kind.TAG && cut.kind != Kind.MOVE || ended == 0, "the block in hand has gone");
        for (Region region : unknown) {
            lose(cut, region);
        }
        check(unknown.size() <= 1, "lost: ", unknown);
        check();
        takeLargest();
    }

    /// The largest free region can be had.
    private void takeLargest() {
        long largest = plan == null && blocks.size() < engine.maxBlocks() ? engine.largestFree() : 0;
        if (largest > 0) {
            long handle = engine.allocate(largest, 0);
            check(handle != Engine.NO_SPACE, "no room for ", largest, " units, though the largest free region has them");
            engine.free(handle);
        }
    }

    /// The block in hand is as it was, or as it would have been. The slack is written behind the size.
    private void takeOver(Call cut, Block block, Region region) {
        long offset = cut.kind == Kind.MOVE ? cut.value : block.offset;
        long size = cut.kind == Kind.RESIZE ? cut.size : block.size;
        int slack = cut.kind == Kind.RESIZE ? cut.slack : block.slack;
        long tag = cut.kind == Kind.TAG ? cut.value : block.tag;
        if (isAs(block, region, block.size, block.slack, block.offset, block.tag)) {
            return;
        }
        boolean isNew = isAs(block, region, size, slack, offset, tag);
        check(isNew || isAs(block, region, size, block.slack, block.offset, block.tag), "the block in hand is neither as before nor as after: ", region);
        block.offset = offset;
        block.size = size;
        block.slack = isNew ? slack : block.slack;
        block.tag = tag;
    }

    private boolean isAs(Block block, Region region, long size, int slack, long offset, long tag) {
        return region.size == size && region.offset == offset && (block.isRetired
                || engine.offset(block.handle) == offset && engine.size(block.handle, SHIFT) == (size << SHIFT) - slack && engine.tag(block.handle) == tag);
    }

    /// A block that has no owner: it must be what the call was about to make.
    private void lose(Call cut, Region region) {
        boolean isRetired = cut.kind == Kind.RETIRE;
        check(isRetired || cut.allocates(), "a block has come from nowhere: ", region);
        Block lost = new Block();
        lost.isLost = true;
        lost.isRetired = region.handle == Walk.RETIRED;
        lost.handle = lost.isRetired ? 0 : region.handle;
        lost.offset = region.offset;
        lost.size = region.size;
        lost.slack = isRetired ? cut.inHand.getFirst().slack : cut.slack;
        check(region.size == (isRetired ? cut.inHand.getFirst().size : cut.size), "not what was asked for: ", region);
        check(isRetired ? region.offset == cut.inHand.getFirst().offset : (region.offset & cut.alignment - 1) == 0, "it lies elsewhere: ", region);
        add(lost);
    }

    // ---- comparing ---------------------------------------------------------------------------------------------

    /// Compares everything.
    void check() {
        engine.verify();
        List<Region> unknown = walk();
        long units = 0;
        int live = 0;
        int retired = 0;
        for (Block block : blocks) {
            Region region = take(unknown, block);
            check(region != null, "a block has gone, ", Long.toHexString(block.handle));
            check(isAs(block, region, block.size, block.slack, block.offset, block.tag), "a block has changed: ", region);
            units += block.size;
            live += block.isRetired ? 0 : 1;
            retired += block.isRetired ? 1 : 0;
            if (byOffset && !block.isRetired) {
                check(engine.find(block.offset) == block.handle, "not to be found by its offset: ", region);
            }
        }
        check(unknown.isEmpty(), "unknown blocks: ", unknown);
        check(engine.capacity() == capacity, "capacity ", engine.capacity(), ", not ", capacity);
        check(engine.blocks() == live, "blocks ", engine.blocks(), ", not ", live);
        check(engine.retired() == retired, "retired ", engine.retired(), ", not ", retired);
        check(plan != null || engine.freeUnits() == capacity - units, "free units ", engine.freeUnits(), ", not ", (capacity - units));
    }

    /// All regions that are not free. They touch, and none overlaps the next.
    private List<Region> walk() {
        List<Region> taken = new ArrayList<>();
        long[] end = {0};
        engine.forEachRegion(taken, end, (found, behind, offset, size, handle) -> {
            check(offset == behind[0], "a region does not start where the one before ends: ", offset);
            behind[0] = offset + size;
            if (handle != Walk.FREE) {
                found.add(new Region(offset, size, handle));
            }
        });
        check(end[0] == capacity, "the walk ends at ", end[0]);
        index.clear();
        for (Region region : taken) {
            index.merge(region.handle == Walk.RETIRED ? ~region.offset : region.handle, List.of(region), (a, b) -> {
                List<Region> both = new ArrayList<>(a);
                both.addAll(b);
                return both;
            });
        }
        return taken;
    }

    private final Map<Long, List<Region>> index = new HashMap<>();

    /// Takes the region of a block out of those that a walk has shown.
    private Region take(List<Region> regions, Block block) {
        for (Region region : index.getOrDefault(block.isRetired ? ~block.offset : block.handle, List.of())) {
            if ((!block.isRetired || region.size == block.size) && regions.remove(region)) {
                return region;
            }
        }
        return null;
    }

    /// Frees everything but what is lost; then all other space can be had again.
    void end(boolean exact) {
        if (plan != null) {
            engine.endPlan(plan);
            plan = null;
        }
        Block lost = null;
        for (Block block : List.copyOf(blocks)) {
            if (block.isLost) {
                lost = block;
            } else if (block.isRetired) {
                engine.freeRetired(block.handle);
                remove(block);
            } else {
                engine.free(block.handle);
                remove(block);
            }
        }
        check();
        long before = lost == null ? 0 : lost.offset;
        long behind = capacity - (lost == null ? 0 : lost.offset + lost.size);
        if (exact) {
            for (long size : before > behind ? new long[] {before, behind} : new long[] {behind, before}) {
                check(size == 0 || engine.allocate(size, 0) != Engine.NO_SPACE, "no room for ", size, " though all but ", (lost == null ? 0 : lost.size), " is free");
            }
            check(engine.freeUnits() == 0, "still free: ", engine.freeUnits());
        }
        engine.verify();
    }

    private static void check(boolean fact, Object... otherwise) {
        if (!fact) {
            throw new AssertionError(Arrays.stream(otherwise).map(String::valueOf).collect(Collectors.joining()));
        }
    }
}
