package io.github.offsetallocator.contract;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.Fit;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.contract.Model.Block;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/// Does the same random calls to an allocator and to a [Model], all kinds mixed, right ones and wrong ones. In an arena
/// each block is filled with a pattern of its own. All follows from the seed, so that a failure, which prints the subject,
/// the seed and the last operations, can be repeated.
final class ContractDriver implements AutoCloseable {
    private static final int REMEMBERED = 60;
    private static final int DEAD = 64;

    /// Of the first 64 regions in its own bin a request must find each that fits.
    private static final int DEEP = 64;

    /// A larger block is not moved, so that sparse files stay sparse.
    private static final long LARGEST_COPY = 64 << 10;

    private final Subject subject;
    private final Spec spec;
    private final long seed;
    private final SplittableRandom random;
    private final Face face;
    /// The arena, or null; the allocator, or null.
    private final ArenaFace arena;
    private final OffsetAllocator allocator;
    private final Model model;
    private final List<Block> live = new ArrayList<>();
    private final List<Block> retired = new ArrayList<>();
    private final Block[] dead = new Block[DEAD];
    private final String[] last = new String[REMEMBERED];
    private long operation;
    private CompactionPlan plan;
    private long planAlignment;
    private int nextMove;
    private boolean leftOut;
    private long clock;

    ContractDriver(Subject subject, long seed, Path directory) {
        this.subject = subject;
        this.seed = seed;
        spec = subject.spec();
        random = new SplittableRandom(seed);
        face = subject.open(directory);
        arena = face instanceof ArenaFace made ? made : null;
        allocator = face instanceof AllocatorFace made ? made.allocator : null;
        model = new Model(face.capacity());
        // Counters are unsigned: some start below where the sign would change, or where they would wrap round.
        clock = new long[] {1000, Long.MAX_VALUE - 4, -100, 3}[random.nextInt(4)];
    }

    /// Does a number of calls, on whatever thread may use the subject now.
    void run(int operations, int verifyEvery) {
        for (int i = 0; i < operations; i++) {
            operation++;
            attempt(() -> {
                step();
                if (operation % verifyEvery == 0) {
                    face.verify();
                }
                if (operation % Math.max(verifyEvery, 997) == 0) {
                    compareAll();
                }
            });
        }
        attempt(() -> {
            face.verify();
            compareAll();
            if (!live.isEmpty()) {
                checkContent(live.getLast());
            }
        });
    }

    /// Frees what is left: then all is free, and it can be had in one piece.
    void finish() {
        attempt(() -> {
            if (plan != null) {
                plan.close();
                plan = null;
            }
            while (!live.isEmpty()) {
                free(live.getLast());
            }
            reclaimAll();
            if (!spec.can(Can.ONE_PIECE)) {
                finishPieces();
                return;
            }
            // before anything is asked that might tidy up
            Block whole = allocate(face.most(fit() == Fit.GOOD ? model.capacity : Bins.roundedDown(model.capacity)), 1);
            Check.that(whole != null, "the whole was refused");
            free(whole);
            Check.equal(model.capacity, face.totalFree(), "free at the end");
            Check.equal(0, face.allocations(), "live at the end");
            face.verify();
            long largest = face.largestFree();
            long most = face.most(fit() == Fit.GOOD ? model.capacity : Bins.roundedDown(model.capacity));
            Check.equal(most, largest * face.unit(), "the largest at the end");
            Block all = allocate(largest * face.unit(), 1);
            Check.that(all != null, "the whole was refused");
            free(all);
            face.verify();
        });
    }

    /// The whole is one chunk then, which goes back when it is freed.
    private void finishPieces() {
        long units = limitInUnits();
        Block whole = allocate(face.most(fit() == Fit.GOOD ? units : Bins.roundedDown(units)), 1);
        Check.that(whole != null, "the whole was refused");
        face.verify();
        free(whole);
        face.verify();
        Check.equal(0, face.capacity(), "what is kept at the end");
        Check.equal(0, face.totalFree(), "free at the end");
        Check.equal(0, face.allocations(), "live at the end");
    }

    private long limitInUnits() {
        return spec.can(Can.ONE_PIECE) ? model.capacity : arena.arena.maxByteSize() / face.unit();
    }

    /// Uses a handle of another allocator, which must be refused.
    void refuseForeign(ContractDriver other) {
        attempt(() -> {
            for (Block block : other.live) {
                if (!model.byAllocation.containsKey(block.allocation)) {
                    useDead(block.allocation, "foreign " + block);
                } else {
                    Check.that(false, "a handle of another allocator is the same: " + block);
                }
            }
        });
    }

    @Override
    public void close() {
        face.close();
    }

    private void attempt(Check.Action action) {
        try {
            action.run();
        } catch (Throwable failure) {
            StringBuilder message = new StringBuilder().append(subject).append(", -Dcontract.seed=").append(seed).append(", operation ")
                    .append(operation).append(": ").append(failure).append("\nthe last operations:");
            for (int i = 0; i < REMEMBERED; i++) {
                String line = last[(int) ((logged + i) % REMEMBERED)];
                if (line != null) {
                    message.append("\n  ").append(line);
                }
            }
            throw new AssertionError(message.toString(), failure);
        }
    }

    /// Looks at what memory there is, where that comes and goes.
    private void follow() {
        if (!spec.can(Can.ONE_PIECE)) {
            model.capacity = face.capacity();
            model.pieces = arena.pieces();
        }
    }

    private void step() {
        follow();
        int dice = random.nextInt(1000);
        if (dice < 270) {
            allocate(randomSize(), 1);
        } else if (dice < 370) {
            allocate(randomSize(), randomAlignment());
        } else if (dice < 690) {
            freeOne();
        } else if (dice < 760) {
            resize();
        } else if (dice < 810) {
            reallocate();
        } else if (dice < 835) {
            tag();
        } else if (dice < 850) {
            freeMany();
        } else if (dice < 880) {
            retire();
        } else if (dice < 890) {
            reclaim();
        } else if (dice < 905) {
            useDead();
        } else if (dice < 912) {
            useForged();
        } else if (dice < 919) {
            badArguments();
        } else if (dice < 926) {
            hugeSizes();
        } else if (dice < 936) {
            wrongSegments();
        } else if (dice < 951) {
            report();
        } else if (dice < 956) {
            promised();
        } else if (dice < 960) {
            changeInAWalk();
        } else if (dice < 980) {
            compact();
        } else if (dice < 982) {
            grow();
        } else if (dice == 982 && random.nextInt(50) == 0) {
            reset();
        } else if (dice == 983) {
            large();
        } else if (dice < 986) {
            lookAtOne();
        } else {
            reading();
        }
    }

    private long randomSize() {
        int octaves = 64 - Long.numberOfLeadingZeros(spec.largestSize() - 1);
        return Math.max(0, random.nextLong(1L << random.nextInt(octaves + 1)));
    }

    private long randomAlignment() {
        int octaves = 63 - Long.numberOfLeadingZeros(spec.largestAlignment());
        return 1L << random.nextInt(octaves + 1);
    }

    // ---- allocate ----------------------------------------------------------------------------------------------

    /// Returns the block, or null if there is no room.
    private Block allocate(long size, long alignment) {
        log("allocate", size, "aligned to", alignment);
        if (arena != null && random.nextBoolean()) {
            return allocateSegment(size, alignment);
        }
        long allocation = face.allocate(size, alignment);
        if (allocation == OffsetAllocator.NO_SPACE) {
            checkRefusal(size, alignment);
            return null;
        }
        return took(allocation, size, alignment, null);
    }

    private Block allocateSegment(long size, long alignment) {
        MemorySegment segment;
        try {
            segment = arena.arena.allocate(size, alignment);
        } catch (OutOfSpaceException full) {
            Check.equal(size, full.requested(), "requested");
            follow();
            if (plan == null) {
                Check.equal((model.capacity - model.used) * face.unit(), full.free(), "free");
                Check.that(full.largest() <= model.largestGap() * face.unit(), "says more than there is");
            }
            checkRefusal(size, alignment);
            return null;
        }
        return took(arena.arena.allocationOf(segment), size, alignment, segment);
    }

    private Block took(long allocation, long size, long alignment, MemorySegment segment) {
        Check.equal(size, face.size(allocation), "the size");
        Check.equal(0, face.tag(allocation), "the tag of a new block");
        Block block = new Block();
        block.allocation = allocation;
        block.offset = face.offset(allocation);
        block.size = size;
        block.units = face.units(size);
        block.alignment = alignment;
        block.segment = segment;
        follow();
        model.take(block);
        block.index = live.size();
        live.add(block);
        Check.that(live.size() + retired.size() <= face.maxAllocations(), "more blocks than asked for");
        checkPlace(block);
        if (arena != null) {
            if (spec.isZeroed()) {
                Content.checkZero(bytes(block), 0, size);
            }
            fill(block);
        }
        return block;
    }

    private void checkPlace(Block block) {
        if (arena == null) {
            Check.that(block.offset % block.alignment == 0, () -> "not aligned to " + block.alignment + ": " + block);
        } else {
            long address = arena.address(block.offset);
            Check.that(address % block.alignment == 0, () -> "not aligned to " + block.alignment + ": " + block);
            Check.equal(block.offset, face.offset(block.allocation), "the offset");
            if (block.segment != null) {
                Check.equal(address, block.segment.address(), "the address of the slice");
                Check.equal(block.size, block.segment.byteSize(), "the size of the slice");
            }
        }
    }

    /// What [Fit] says about refusals: whatever is at least as large as the request rounded up must have been found.
    private void checkRefusal(long size, long alignment) {
        if (isFull() || plan != null) {
            return;
        }
        if (!spec.can(Can.ONE_PIECE)) {
            follow();
            long bytes = (fit() == Fit.GOOD ? face.units(size) : Bins.roundedUp(face.units(size))) * face.unit();
            Check.that(arena.arena.byteSize() + Math.max(bytes, spec.chunk()) > arena.arena.maxByteSize(),
                    () -> "refused " + size + " bytes, with " + arena.arena.byteSize() + " of " + arena.arena.maxByteSize());
        }
        long largest = model.largestGap();
        long units = face.units(size);
        long units0 = Math.max(1, units);
        if (units > model.capacity) {
            return;
        }
        long step = Math.max(1, alignment / face.unit());
        if (step == 1) {
            Check.that(largest < Math.max(1, Bins.roundedUp(units)), () -> "refused " + units + " units of a gap of " + largest);
            if (fit() == Fit.GOOD && Bins.sharing(face.report(), units) <= DEEP) {
                Check.that(largest < units0, () -> "refused " + units + " units, though few regions share the bin of the gap of " + largest);
            }
        } else if (fit() == Fit.GOOD) {
            Check.that(largest < Bins.roundedUp(units0 + step - 1),
                    () -> "refused " + units + " units aligned to " + step + ", though they fit wherever a gap of " + largest + " lies");
        }
    }

    private boolean isFull() {
        return live.size() + retired.size() >= face.maxAllocations();
    }

    private Fit fit() {
        return face.fit();
    }

    // ---- free --------------------------------------------------------------------------------------------------

    private void freeOne() {
        if (!live.isEmpty()) {
            free(randomLive());
        }
    }

    private void free(Block block) {
        log("free", block);
        checkContent(block);
        if (block.segment != null && random.nextBoolean()) {
            arena.arena.free(block.segment);
        } else {
            face.free(block.allocation);
        }
        gone(block);
    }

    private void freeMany() {
        int count = Math.min(live.size(), random.nextInt(20));
        Set<Block> blocks = new LinkedHashSet<>();
        while (blocks.size() < count) {
            blocks.add(randomLive());
        }
        long[] some = blocks.stream().mapToLong(block -> block.allocation).toArray();
        log("free", some.length, "at once", 0);
        if (some.length > 1) {
            int at = random.nextInt(some.length);
            long kept = some[at];
            long wrong = switch (random.nextInt(3)) {
                case 0 -> some[at == 0 ? 1 : 0];
                case 1 -> dead[random.nextInt(DEAD)] == null ? 0 : dead[0] == null ? -1 : dead[0].allocation;
                default -> retired.isEmpty() ? Long.MIN_VALUE : retired.getFirst().allocation;
            };
            some[at] = wrong;
            if (wrong == kept || at != 0 && wrong == some[0] || at == 0 && wrong == some[1] || !model.byAllocation.containsKey(wrong)
                    || retired.contains(model.byAllocation.get(wrong))) {
                unchanged("free all with a wrong one", () -> face.freeAll(some, 0, some.length));
            }
            some[at] = kept;
        }
        if (random.nextBoolean()) {
            blocks.forEach(this::checkContent);
            face.freeAll(some, 0, some.length);
            blocks.forEach(this::gone);
        } else if (some.length > 2) { // a part of the array; what lies outside may be anything
            long[] some2 = some.clone();
            some2[0] = -1;
            some2[some.length - 1] = 0;
            face.freeAll(some2, 1, some.length - 1);
            for (Block block : blocks) {
                if (block.allocation != some[0] && block.allocation != some[some.length - 1]) {
                    gone(block);
                }
            }
        }
    }

    private void retire() {
        if (live.isEmpty()) {
            return;
        }
        Block block = randomLive();
        clock += random.nextInt(4) - 1;
        log("retire", block);
        log("    until", clock, "", 0);
        face.retire(block.allocation, clock);
        long newest = retired.isEmpty() ? clock : retired.getLast().retiredUntil;
        block.retiredUntil = Long.compareUnsigned(clock, newest) > 0 ? clock : newest;
        removeLive(block);
        retired.add(block);
        if (random.nextInt(8) == 0) {
            useDead(block.allocation, "a retired handle");
        }
    }

    private void reclaim() {
        reclaim(clock - random.nextInt(4));
    }

    private void reclaimAll() {
        reclaim(-1);
        Check.equal(0, retired.size(), "left of the retired ones");
    }

    private void reclaim(long completed) {
        log("reclaim", completed, "", 0);
        int expected = 0;
        for (Iterator<Block> each = retired.iterator(); each.hasNext(); ) {
            Block block = each.next();
            if (Long.compareUnsigned(block.retiredUntil, completed) > 0) {
                break;
            }
            checkContent(block);
            model.give(block);
            remember(block);
            each.remove();
            expected++;
        }
        Check.equal(expected, face.reclaim(completed), "reclaimed");
    }

    private void reset() {
        log("reset", 0, "", 0);
        face.reset();
        live.forEach(this::remember);
        retired.forEach(this::remember);
        live.clear();
        retired.clear();
        model.clear();
        plan = null;
        Check.equal(0, face.allocations(), "live after reset");
        Check.equal(0, face.retired(), "retired after reset");
        follow();
        Check.equal(model.capacity, face.totalFree(), "free after reset");
    }

    // ---- one block that changes --------------------------------------------------------------------------------

    private long newSize(Block block) {
        return switch (random.nextInt(4)) {
            case 0 -> randomSize();
            case 1 -> Math.max(0, block.size / 2);
            case 2 -> 2 * block.size;
            default -> Math.max(0, block.size + random.nextInt(65) - 32);
        };
    }

    private void resize() {
        if (live.isEmpty()) {
            return;
        }
        Block block = randomLive();
        long size = newSize(block);
        log("resize", block);
        log("    to", size, "", 0);
        long units = face.units(size);
        long gap = model.gapBehind(block);
        boolean resized = face.resize(block.allocation, size);
        if (plan == null && gap >= 0) {
            Check.that(resized == units - block.units <= gap, () -> (resized ? "took" : "refused") + " " + units + " units with " + gap + " behind");
        }
        if (resized) {
            inPlace(block, size);
        }
        checkAsBefore(block);
    }

    /// A block that has a new size where it lay.
    private void inPlace(Block block, long size) {
        long before = block.size;
        model.move(block, block.offset, face.units(size));
        block.size = size;
        block.segment = null;
        if (arena != null) {
            checkKept(block, before);
        }
    }

    /// What was in a block that had another size is kept; what is new is zero, if it has to be.
    private void checkKept(Block block, long before) {
        MemorySegment bytes = bytes(block);
        Content.check(bytes, block.pattern, before, Math.min(before, block.size));
        if (spec.isZeroed() && block.size > before) {
            Content.checkZero(bytes, before, block.size);
        }
        fill(block);
    }

    private void checkAsBefore(Block block) {
        Check.equal(block.size, face.size(block.allocation), "the size");
        Check.equal(block.offset, face.offset(block.allocation), "the offset");
        Check.equal(block.tag, face.tag(block.allocation), "the tag");
        checkPlace(block);
        if (arena != null && random.nextInt(4) == 0) {
            block.segment = arena.arena.segment(block.allocation);
            checkPlace(block);
            Check.equal(block.allocation, arena.arena.allocationOf(block.segment), "the handle of a slice");
        }
    }

    private void reallocate() {
        if (live.isEmpty() || arena == null) {
            return;
        }
        Block block = randomLive();
        long size = newSize(block);
        if (Math.min(size, block.size) > LARGEST_COPY) {
            return;
        }
        long alignment = randomAlignment();
        log("reallocate", block);
        log("    to", size, "aligned to", alignment);
        boolean bySegment = random.nextBoolean() && block.segment != null;
        long allocation = OffsetAllocator.NO_SPACE;
        MemorySegment segment = null;
        if (bySegment) {
            try {
                segment = arena.arena.reallocate(block.segment, size, alignment);
                allocation = arena.arena.allocationOf(segment);
            } catch (OutOfSpaceException full) {
                Check.equal(size, full.requested(), "requested");
            }
        } else {
            allocation = arena.arena.reallocate(block.allocation, size, alignment);
        }
        if (allocation == block.allocation) {
            inPlace(block, size);
            block.alignment = alignment;
        } else if (allocation != OffsetAllocator.NO_SPACE) {
            moved(block, allocation, size, alignment);
        } else {
            checkRefusal(size, alignment);
            checkContent(block);
        }
        if (segment != null) {
            block.segment = segment;
        }
        checkAsBefore(block);
    }

    /// A new block has what the old one had, and the old one is gone. Both may be on the same bytes in part: the new one was
    /// chosen while the old one was still there, so they can't.
    private void moved(Block block, long allocation, long size, long alignment) {
        long before = block.size;
        Block old = new Block();
        old.allocation = block.allocation;
        old.size = before;
        Block there = new Block();
        there.allocation = allocation;
        there.offset = face.offset(allocation);
        there.units = face.units(size);
        follow();
        follow();
        model.take(there);
        model.give(there);
        model.give(block);
        remember(old);
        block.allocation = allocation;
        block.offset = there.offset;
        block.units = there.units;
        block.size = size;
        block.alignment = alignment;
        block.segment = null;
        model.take(block);
        checkKept(block, before);
    }

    private void tag() {
        if (!live.isEmpty()) {
            Block block = randomLive();
            Check.equal(block.tag, face.tag(block.allocation), "the tag");
            block.tag = random.nextLong();
            log("tag", block);
            face.setTag(block.allocation, block.tag);
        }
    }

    private void lookAtOne() {
        if (!live.isEmpty()) {
            Block block = randomLive();
            checkContent(block);
            checkAsBefore(block);
        }
    }

    // ---- what is refused ---------------------------------------------------------------------------------------

    private void useDead() {
        Block block = dead[random.nextInt(DEAD)];
        if (block != null) {
            useDead(block.allocation, "a dead handle");
        }
    }

    /// Each call by itself, with a handle that isn't live here.
    private void useDead(long allocation, String what) {
        log(what, allocation, "", 0);
        unchanged(what, switch (random.nextInt(arena == null ? 8 : 11)) {
            case 0, 1 -> () -> face.free(allocation);
            case 2 -> () -> face.size(allocation);
            case 3 -> () -> face.offset(allocation);
            case 4 -> () -> face.resize(allocation, random.nextInt(100));
            case 5 -> () -> face.retire(allocation, clock);
            case 6 -> () -> face.setTag(allocation, random.nextBoolean() ? 0 : face.tag(allocation));
            case 7 -> () -> face.freeAll(new long[] {allocation}, 0, 1);
            case 8 -> () -> arena.arena.segment(allocation);
            case 9 -> () -> arena.arena.reallocate(allocation, random.nextInt(100), 1);
            default -> () -> arena.arena.reallocate(allocation, 1L << 40, spec.largestAlignment());
        });
    }

    private void useForged() {
        long near = live.isEmpty() ? random.nextLong() : randomLive().allocation;
        long forged = switch (random.nextInt(10)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> Long.MIN_VALUE;
            case 3 -> Long.MAX_VALUE;
            case 4 -> near ^ 1L << random.nextInt(64);
            case 5 -> near + random.nextInt(5) - 2;
            case 6 -> near & 0xFFFF_FFFFL;
            case 7 -> near & 0xFFFF_FFFF_0000_0000L;
            case 8 -> near + ((random.nextInt(5) - 2L) << 32);
            default -> random.nextLong();
        };
        Block seeming = model.byAllocation.get(forged);
        if (seeming == null || retired.contains(seeming)) {
            useDead(forged, "a forged handle");
        }
    }

    private void badArguments() {
        log("bad arguments", 0, "", 0);
        long negative = random.nextBoolean() ? -1 - random.nextInt(100) : Long.MIN_VALUE + random.nextInt(3);
        long[] alignments = {0, -1, 3, 6, -16, Long.MIN_VALUE, Long.MAX_VALUE, (1L << 32) + 1, 3L << 40};
        long alignment = alignments[random.nextInt(alignments.length)];
        bad(() -> face.allocate(negative, 1));
        bad(() -> face.allocate(negative, spec.largestAlignment()));
        bad(() -> face.allocate(randomSize(), alignment));
        bad(() -> face.allocate(Long.MAX_VALUE, alignment));
        Check.thrown(IndexOutOfBoundsException.class, () -> face.freeAll(new long[3], 2, 1));
        Check.thrown(IndexOutOfBoundsException.class, () -> face.freeAll(new long[3], -1, 1));
        Check.thrown(IndexOutOfBoundsException.class, () -> face.freeAll(new long[3], 1, 4));
        Check.thrown(NullPointerException.class, () -> face.freeAll(null, 0, 1));
        if (!live.isEmpty()) {
            Block block = randomLive();
            bad(() -> face.resize(block.allocation, negative));
            if (arena != null) {
                bad(() -> arena.arena.reallocate(block.allocation, negative, 1));
                bad(() -> arena.arena.reallocate(block.allocation, randomSize(), alignment));
            }
            checkAsBefore(block);
        }
        if (arena != null && !spec.can(Can.ALIGN_FREELY)) {
            bad(() -> face.allocate(randomSize(), 2 * spec.largestAlignment()));
            bad(() -> arena.arena.allocate(0, 1L << 40));
        }
        if (arena != null) {
            bad(() -> arena.arena.allocate(negative, 1));
            bad(() -> arena.arena.allocate(randomSize(), alignment));
            Check.thrown(NullPointerException.class, () -> arena.arena.free(null));
        } else {
            bad(() -> allocator.grow(model.capacity - 1));
            bad(() -> allocator.grow((1L << 32) + random.nextInt(3)));
            bad(() -> allocator.planCompaction(-random.nextLong(1L << 60)));
            bad(() -> allocator.planCompaction(1, alignment));
        }
    }

    private void bad(Check.Action action) {
        unchanged("a bad argument", () -> Check.thrown(IllegalArgumentException.class, action), false);
    }

    /// Sizes at which something could overflow: none can be had, and that's all.
    private void hugeSizes() {
        long[] edges = {1L << 31, 1L << 32, (1L << 32) * face.unit(), 1L << 36, 1L << 48, 1L << 56, 1L << 62, Long.MAX_VALUE};
        long edge = edges[random.nextInt(edges.length)];
        long size = edge == Long.MAX_VALUE ? edge - random.nextInt(40) : edge + random.nextInt(80) - 40;
        if ((size - 1) / face.unit() < limitInUnits()) {
            return;
        }
        log("huge", size, "", 0);
        long alignment = random.nextBoolean() ? 1 : arena == null ? 1L << random.nextInt(63) : randomAlignment();
        unchanged("a huge size", () -> {
            Check.equal(OffsetAllocator.NO_SPACE, face.allocate(size, alignment), "more than there is");
            if (!live.isEmpty()) {
                Block block = randomLive();
                Check.that(!face.resize(block.allocation, size), "resized to more than there is");
                if (arena != null) {
                    Check.equal(OffsetAllocator.NO_SPACE, arena.arena.reallocate(block.allocation, size, alignment), "more than there is");
                }
                checkAsBefore(block);
            }
            if (arena != null) {
                Check.thrown(OutOfSpaceException.class, () -> arena.arena.allocate(size, alignment));
            }
        }, false);
    }

    private void wrongSegments() {
        if (arena == null) {
            return;
        }
        SegmentArena over = arena.arena;
        Block block = live.isEmpty() ? null : randomLive();
        if (block != null) {
            block.segment = over.segment(block.allocation);
        }
        MemorySegment backing = spec.can(Can.ONE_PIECE) ? over.backing() : MemorySegment.NULL;
        MemorySegment wrong = switch (random.nextInt(9)) {
            case 0 -> MemorySegment.NULL;
            case 1 -> backing;
            case 2 -> backing.asSlice(0, 0);
            case 3 -> backing.asSlice(backing.byteSize());
            case 4 -> MemorySegment.ofArray(new long[3]);
            case 5 -> block == null || block.size == 0 ? MemorySegment.NULL : block.segment.asSlice(1);
            case 6 -> block == null || block.size == 0 ? MemorySegment.NULL : block.segment.asSlice(0, block.size - 1);
            case 7 -> block == null ? MemorySegment.NULL : MemorySegment.ofAddress(block.segment.address() + 1);
            default -> {
                Block gone = dead[random.nextInt(DEAD)];
                yield gone == null || gone.segment == null ? MemorySegment.NULL : gone.segment;
            }
        };
        if (isLive(wrong)) {
            return;
        }
        log("wrong slice " + wrong, 0, "", 0);
        unchanged("a slice that isn't live", () -> Check.thrown(IllegalArgumentException.class, switch (random.nextInt(3)) {
            case 0 -> () -> over.free(wrong);
            case 1 -> () -> over.allocationOf(wrong);
            default -> () -> over.reallocate(wrong, randomSize(), 1);
        }), false);
    }

    /// Whether a segment is, by chance, that of a live block.
    private boolean isLive(MemorySegment segment) {
        if (spec.can(Can.ONE_PIECE) && segment.heapBase().isPresent() != arena.arena.backing().heapBase().isPresent()
                || spec.can(Can.ONE_PIECE) && segment.heapBase().isPresent() && segment.heapBase().get() != arena.arena.backing().heapBase().get()) {
            return false;
        }
        return live.stream().anyMatch(block -> arena.address(block.offset) == segment.address() && block.size == segment.byteSize());
    }

    /// Whatever a visitor tries to change is refused, and the walk goes on. Reading is allowed.
    private void changeInAWalk() {
        log("change in a walk", 0, "", 0);
        int[] visited = {0};
        unchanged("a change in a walk", () -> {
            RegionVisitor visitor = (_, _, allocation) -> {
                visited[0]++;
                inAWalk(allocation > 0 ? allocation : live.isEmpty() ? 0 : live.getFirst().allocation);
            };
            if (random.nextBoolean()) {
                face.forEachRegion(visitor);
            } else {
                face.forEachAllocation(allocation -> visitor.region(0, 0, allocation));
            }
        }, false);
        Check.that(visited[0] >= live.size(), "visited too few");
    }

    private void inAWalk(long allocation) {
        if (random.nextInt(4) != 0) {
            return;
        }
        if (allocation != 0) {
            face.size(allocation);
            face.offset(allocation);
            face.tag(allocation);
            Check.equal(live.size(), face.allocations(), "live, seen in a walk");
            Check.equal(retired.size(), face.retired(), "retired, seen in a walk");
            face.totalFree();
            face.report();
        }
        Check.thrown(IllegalStateException.class, switch (random.nextInt(arena == null ? 11 : 12)) {
            case 0 -> () -> allocateInAWalk(1 + random.nextInt(64), 1);
            case 1 -> () -> allocateInAWalk(1, spec.largestAlignment());
            case 2 -> () -> face.free(allocation);
            case 3 -> () -> face.freeAll(new long[] {allocation}, 0, 1);
            case 4 -> () -> face.retire(allocation, clock);
            case 5 -> () -> face.reclaim(-1);
            case 6 -> face::reset;
            case 7 -> face::close;
            case 8 -> () -> face.resize(allocation, random.nextInt(9));
            case 9 -> () -> face.free(0);
            case 10 -> () -> {
                if (allocator != null && random.nextBoolean()) {
                    allocator.planCompaction();
                } else if (allocator != null) {
                    allocator.grow((1L << 32) - 1);
                } else {
                    allocateInAWalk(1, 1);
                }
            };
            default -> () -> arena.arena.reallocate(allocation, 1, 1);
        });
    }

    /// A request that there's no room for changes nothing, so it needs no exception.
    private void allocateInAWalk(long size, long alignment) {
        if (face.allocate(size, alignment) == OffsetAllocator.NO_SPACE) {
            throw new IllegalStateException("no room");
        }
    }

    private void unchanged(String what, Check.Action action) {
        unchanged(what, action, true);
    }

    /// Does something that changes nothing; most often something that must be refused.
    private void unchanged(String what, Check.Action action, boolean refused) {
        boolean look = random.nextInt(4) == 0;
        long free = look ? face.totalFree() : 0;
        if (refused) {
            Check.refused(what, action);
        } else {
            try {
                action.run();
            } catch (RuntimeException | Error failure) {
                throw failure;
            } catch (Throwable failure) {
                throw new AssertionError(failure);
            }
        }
        Check.equal(live.size(), face.allocations(), what + ": live");
        Check.equal(retired.size(), face.retired(), what + ": retired");
        if (look) {
            Check.equal(free, face.totalFree(), what + ": free");
        }
    }

    // ---- reports -----------------------------------------------------------------------------------------------

    private void report() {
        long total = face.totalFree();
        long largest = face.largestFree();
        log("report: free", total, "largest", largest);
        if (plan == null) {
            long gap = model.largestGap();
            Check.equal(model.capacity - model.used, total, "free");
            Check.that(largest <= gap, () -> "reports " + largest + " of a gap of " + gap);
            // What is free in a slab beside a live block of its size counts in a gap, but is no region before it is dissolved.
            long least = spec.hasSlabs() && model.used > 0 ? 0 : Bins.roundedDown(gap);
            Check.that(Bins.roundedUp(largest + face.units(1)) >= least, () -> "reports a bin too few: " + largest + " of " + gap);
        }
    }

    /// What a report promises is granted.
    private void promised() {
        long largest = face.largestFree();
        if (plan == null && largest > 0 && !isFull()) {
            Block block = allocate(largest * face.unit(), 1);
            Check.that(block != null, () -> "reports " + largest + ", and refuses it");
            free(block);
        }
    }

    /// As much as there is in one piece, or a good part of the whole, with no report before that might tidy up.
    private void large() {
        long units = random.nextBoolean() ? model.largestGap() : model.capacity * random.nextInt(1, 8) / 8;
        if (units > 0) {
            Block block = allocate(units * face.unit(), 1);
            if (block != null && random.nextBoolean()) {
                free(block);
            }
        }
    }

    /// Calls that only read.
    private void reading() {
        log("reading", 0, "", 0);
        Check.equal(live.size(), face.allocations(), "live");
        Check.equal(retired.size(), face.retired(), "retired");
        Check.equal(model.capacity, face.capacity(), "capacity");
        Check.that(!face.toString().isBlank(), "says nothing of itself");
        if (allocator != null) {
            Check.that(allocator.metadataSize() > 0, "no metadata");
        }
        if (random.nextInt(20) == 0) {
            compareAll();
        }
    }

    private void compareAll() {
        follow();
        Set<Block> seen = new HashSet<>();
        long[] end = {0};
        long[] sum = {0};
        long[] waiting = {0, 0};
        face.forEachRegion((offset, size, allocation) -> {
            if (spec.can(Can.ONE_PIECE)) {
                Check.equal(end[0], offset, "the start of a region");
            }
            Check.that(end[0] <= offset, "regions overlap");
            end[0] = offset + size;
            sum[0] += size;
            if (allocation > 0) {
                Block block = model.byAllocation.get(allocation);
                Check.that(block != null, () -> "a region of the unknown handle 0x" + Long.toHexString(allocation));
                Check.equal(block.offset, offset, "the offset of a region");
                Check.equal(block.units, size, "the size of a region");
                Check.equal(block.tag, face.tag(allocation), "the tag");
                Check.that(seen.add(block), "visited twice");
            } else if (allocation == RegionVisitor.RETIRED) {
                waiting[0]++;
                waiting[1] += size;
            } else {
                Check.equal(0, allocation, "neither free, retired nor live");
            }
        });
        Check.equal(model.capacity, sum[0], "the units of all regions");
        Check.equal(live.size(), seen.size(), "live regions");
        Check.equal(retired.size(), waiting[0], "retired regions");
        Check.equal(retired.stream().mapToLong(block -> block.units).sum(), waiting[1], "units of retired regions");
        Check.equal(live.size(), face.allocations(), "live");
        Check.equal(retired.size(), face.retired(), "retired");
        long[] before = {-1};
        face.forEachAllocation(allocation -> {
            Block block = model.byAllocation.get(allocation);
            Check.that(seen.remove(block), "a walk shows what is not live, or twice");
            Check.that(block.offset >= before[0], "not in the order of offsets");
            before[0] = block.offset;
        });
        Check.that(seen.isEmpty(), "a walk shows too few");
    }

    // ---- grow and compact --------------------------------------------------------------------------------------

    private void grow() {
        if (spec.can(Can.GROW)) {
            long capacity = Math.min(spec.largestCapacity() / face.unit(), model.capacity + random.nextInt(1000));
            log("grow to", capacity, "", 0);
            face.grow(capacity);
            model.capacity = capacity;
        }
    }

    /// Opens a plan, or goes on with the open one: commits a move, drops it, or closes the plan.
    private void compact() {
        if (!spec.can(Can.COMPACT)) {
            return;
        }
        if (plan == null) {
            long target = random.nextInt(10) == 0 ? Long.MAX_VALUE : 1 + random.nextLong(2L * spec.largestSize());
            planAlignment = 1L << Math.max(0, random.nextInt(8) - 4);
            log("plan for", target, "aligned to", planAlignment);
            plan = allocator.planCompaction(target, planAlignment);
            nextMove = 0;
            leftOut = false;
            for (CompactionPlan.Move move : plan.moves()) {
                Check.that(move.to() < move.from() && move.to() % planAlignment == 0, () -> "a wrong " + move);
                Block block = model.byAllocation.get(move.allocation());
                Check.that(block != null && block.offset == move.from() && block.units == move.size(), () -> "a wrong " + move);
            }
        } else {
            unchanged("a second plan", () -> allocator.planCompaction());
            for (int left = random.nextInt(20); left >= 0 && plan.isOpen(); left--) {
                oneMove();
            }
            if (plan.isOpen() && random.nextInt(5) == 0) {
                log("close the plan", 0, "", 0);
                plan.close();
            }
        }
        if (!plan.isOpen()) {
            plan = null;
        }
    }

    private void oneMove() {
        CompactionPlan.Move move = plan.moves().get(nextMove++);
        Block block = model.byAllocation.get(move.allocation());
        boolean stillThere = block != null && !retired.contains(block) && block.offset == move.from();
        if (!stillThere) {
            Check.refused(() -> plan.commit(move));
        }
        if (random.nextInt(10) == 0 || !stillThere) {
            log("drop " + move, 0, "", 0);
            plan.drop(move);
            leftOut = true;
            return;
        }
        log("commit " + move, 0, "", 0);
        try {
            plan.commit(move);
        } catch (IllegalStateException blocked) {
            Check.that(leftOut, "refused, though no move was left out");
            plan.drop(move);
            return;
        }
        model.move(block, move.to(), block.units);
        block.alignment = planAlignment;
        checkAsBefore(block);
        if (plan.isOpen()) {
            Check.refused(() -> plan.commit(move));
        }
    }

    // ---- bookkeeping -------------------------------------------------------------------------------------------

    private Block randomLive() {
        return live.get(random.nextInt(live.size()));
    }

    private void removeLive(Block block) {
        Block moved = live.removeLast();
        if (moved != block) {
            live.set(block.index, moved);
            moved.index = block.index;
        }
    }

    private void gone(Block block) {
        removeLive(block);
        model.give(block);
        remember(block);
        follow();
    }

    private void remember(Block block) {
        dead[random.nextInt(DEAD)] = block;
    }

    private MemorySegment bytes(Block block) {
        return arena.bytes(block.offset, block.size);
    }

    private void fill(Block block) {
        block.pattern = Content.pattern(block.allocation);
        Content.fill(bytes(block), block.pattern);
    }

    private void checkContent(Block block) {
        if (arena != null) {
            Content.check(bytes(block), block.pattern, block.size, block.size);
        }
    }

    private long logged;

    private void log(String what, Block block) {
        log(what + " " + block);
    }

    private void log(String what, long number, String then, long other) {
        log(then.isEmpty() ? what + " " + number : what + " " + number + " " + then + " " + other);
    }

    private void log(String line) {
        last[(int) (logged++ % REMEMBERED)] = line;
    }

    /// For a failure outside of a call.
    @Override
    public String toString() {
        return subject + ", seed " + seed + ", " + Arrays.stream(last).filter(line -> line != null).count() + " operations known";
    }
}
