package io.github.offsetallocator.contract;

import io.github.offsetallocator.CompactionPlan;
import io.github.offsetallocator.OffsetAllocator;
import io.github.offsetallocator.OutOfSpaceException;
import io.github.offsetallocator.RegionVisitor;
import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.contract.Call.Kind;
import io.github.offsetallocator.contract.Call.Known;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/// Random calls of which any may fail at any point. What is known is compared with a walk after each batch:
///
/// ```
///  ready a few calls on different blocks -> run them while things go wrong -> all is well again: look at everything
/// ```
///
/// - Whatever no failing call was about is as it was: place, size, tag, content.
/// - A call that failed has changed nothing ([Rule#NOTHING_CHANGED]), or has at most cost the block it was about
///   ([Rule#ONE_BLOCK_LOST]).
/// - `verify()` is clean, and nothing is handed out twice afterwards.
final class FailureDriver {
    /// What a call that fails may leave behind.
    enum Rule { NOTHING_CHANGED, ONE_BLOCK_LOST }

    /// Runs ready calls in such a way that some fail, and notes in each what it threw.
    interface Trouble {
        /// Runs them all.
        void run(List<Call> calls, Face face, SegmentArena arena);
    }

    /// No more is copied or written over, so that sparse files stay sparse.
    private static final long LARGEST_COPY = 64 << 10;

    private final Spec spec;
    private final Face face;
    private final ArenaFace arena;
    private final Rule rule;
    private final Class<? extends Throwable> expected;
    private final SplittableRandom random;
    private final List<Known> live = new ArrayList<>();
    private final List<Known> retired = new ArrayList<>();
    /// Blocks that others own, which must not change while this looks. Only they are not known here.
    private final Set<Long> ofOthers = new HashSet<>();
    private final Deque<String> last = new ArrayDeque<>();
    private long clock = 100;
    private int mostKnown = 40;
    private boolean alone = true;
    private long calls;
    private long failures;
    private long lost;
    private long lostUnits;
    /// Retired blocks whose fate is not known: they wait, or are free, or are lost.
    private final List<Known> strayed = new ArrayList<>();

    FailureDriver(Spec spec, Face face, Rule rule, Class<? extends Throwable> expected, long seed) {
        this.spec = spec;
        this.face = face;
        arena = face instanceof ArenaFace made ? made : null;
        this.rule = rule;
        this.expected = expected;
        random = new SplittableRandom(seed);
    }

    /// How many blocks are live at most, 40 if nothing is said.
    FailureDriver holds(int blocks) {
        mostKnown = blocks;
        return this;
    }

    long failures() {
        return failures;
    }

    long lost() {
        return lost;
    }

    long calls() {
        return calls;
    }

    /// Others use the allocator too.
    FailureDriver besideOthers() {
        alone = false;
        return this;
    }

    /// What others own now; they stand still until the next batch.
    void othersOwn(Iterable<Long> handles) {
        ofOthers.clear();
        handles.forEach(ofOthers::add);
    }

    String lastCalls() {
        return "the last calls:\n  " + String.join("\n  ", last);
    }

    // ---- a batch -----------------------------------------------------------------------------------------------

    /// A number of calls on different blocks, or one that concerns all.
    List<Call> ready(int most) {
        List<Call> batch = new ArrayList<>();
        Set<Known> used = new HashSet<>();
        for (int i = 0; i < most; i++) {
            Call call = ready(used, batch.isEmpty());
            if (call.kind.comesAlone()) {
                return List.of(call);
            }
            batch.add(call);
        }
        return batch;
    }

    private Call ready(Set<Known> used, boolean first) {
        while (true) {
            Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
            if (kind.comesAlone() && (!first || random.nextInt(4) != 0) || kind == Kind.RESET && random.nextInt(20) != 0) {
                continue;
            }
            if (live.size() < mostKnown / 2 && random.nextInt(3) == 0) {
                kind = Kind.ALLOCATE;
            }
            if (kind.needsAnArena() && arena == null || kind.needsAnAllocator() && !(face instanceof AllocatorFace)
                    || kind == Kind.GROW && !spec.can(Can.GROW)) {
                continue;
            }
            if (kind.makesABlock() && live.size() >= mostKnown || kind == Kind.RESET && !alone) {
                continue;
            }
            Call call = new Call(kind);
            if (fill(call, used)) {
                return call;
            }
        }
    }

    /// Chooses arguments. Returns false if there is nothing to choose from.
    private boolean fill(Call call, Set<Known> used) {
        call.size = size();
        switch (call.kind) {
            case ALLOCATE, WALK, RESET -> {}
            case ALLOCATE_ALIGNED, ALLOCATE_SLICE -> call.alignment = alignment();
            case FREE_ALL -> {
                int count = Math.min(live.size(), 1 + random.nextInt(6));
                List<Known> some = new ArrayList<>();
                for (int i = 0; i < count; i++) {
                    Known block = live.get(random.nextInt(live.size()));
                    if (used.add(block)) {
                        some.add(block);
                    }
                }
                call.many = some.toArray(Known[]::new);
                call.handles = some.stream().mapToLong(block -> block.handle).toArray();
                return !some.isEmpty();
            }
            case RECLAIM -> call.value = clock - random.nextInt(4);
            case GROW -> call.size = Math.min(spec.largestCapacity() / face.unit(), face.capacity() + random.nextInt(50));
            case PLAN -> call.size = Math.max(1, call.size);
            case COMMIT -> {
                call.plan = ((AllocatorFace) face).allocator.planCompaction();
                if (call.plan.moves().isEmpty()) {
                    return false;
                }
                call.move = call.plan.moves().getFirst();
                call.block = live.stream().filter(block -> block.handle == call.move.allocation()).findFirst().orElse(null);
                Check.that(call.block != null, "a plan moves what isn't live");
            }
            default -> {
                if (live.isEmpty()) {
                    return false;
                }
                call.block = live.get(random.nextInt(live.size()));
                if (!used.add(call.block)) {
                    return false;
                }
                if (call.kind == Kind.REALLOCATE || call.kind == Kind.REALLOCATE_SLICE) {
                    if (Math.min(call.size, call.block.size) > LARGEST_COPY) {
                        return false;
                    }
                    call.alignment = alignment();
                }
                clock += call.kind == Kind.RETIRE ? random.nextInt(2) : 0;
                call.value = call.kind == Kind.RETIRE ? clock : random.nextLong();
            }
        }
        return true;
    }

    private long size() {
        int octaves = 64 - Long.numberOfLeadingZeros(spec.largestSize() - 1);
        return Math.max(0, random.nextLong(1L << random.nextInt(1, octaves + 1)));
    }

    private long alignment() {
        return 1L << random.nextInt(64 - Long.numberOfLeadingZeros(spec.largestAlignment()));
    }

    /// Runs calls in trouble, and looks at everything afterwards.
    void batch(int most, Trouble trouble) {
        List<Call> batch = ready(most);
        trouble.run(batch, face, arena == null ? null : arena.arena);
        settle(batch);
    }

    /// Looks at everything after calls were run.
    void settle(List<Call> batch) {
        for (Call call : batch) {
            calls++;
            if (last.size() == 30) {
                last.removeFirst();
            }
            last.addLast(call.toString());
        }
        Map<Long, long[]> walked = new HashMap<>();
        Set<Long> waiting = new HashSet<>();
        face.verify();
        face.forEachRegion((offset, units, allocation) -> {
            if (allocation > 0) {
                Check.that(walked.put(allocation, new long[] {offset, units}) == null, "one handle twice in a walk");
            } else if (allocation == RegionVisitor.RETIRED) {
                waiting.add(offset);
            }
        });
        Set<Long> fresh = new HashSet<>(walked.keySet());
        ofOthers.forEach(other -> Check.that(fresh.remove(other), () -> "another's block is gone: 0x" + Long.toHexString(other)));
        live.forEach(block -> fresh.remove(block.handle));
        int allowed = 0;
        for (Call call : batch) {
            if (call.returned || isNoRoom(call)) {
                settleReturned(call, walked, fresh);
            } else {
                failures++;
                allowed += settleFailed(call, walked, waiting);
            }
        }
        checkRetired(waiting);
        for (Known block : live) {
            checkAsBefore(block, walked.get(block.handle));
        }
        int unknown = fresh.size();
        int most = allowed;
        Check.that(unknown <= most, () -> unknown + " blocks are live that no one knows, of " + most + " that may have been lost; " + fresh);
        for (long handle : fresh) { // found again by the walk; whoever had lost it couldn't
            lost++;
            face.free(handle);
        }
        Check.equal(live.size() + ofOthers.size(), face.allocations(), "live");
        if (calls % 7 == 0) {
            tryAll();
        }
    }

    private static boolean isNoRoom(Call call) {
        return call.thrown instanceof OutOfSpaceException;
    }

    // ---- what returned -----------------------------------------------------------------------------------------

    private void settleReturned(Call call, Map<Long, long[]> walked, Set<Long> fresh) {
        Known block = call.block;
        switch (call.kind) {
            case ALLOCATE, ALLOCATE_ALIGNED -> {
                if (call.result != OffsetAllocator.NO_SPACE) {
                    took(call.result, call, fresh);
                }
            }
            case ALLOCATE_SLICE -> {
                if (call.slice != null) {
                    Known made = took(arena.arena.allocationOf(call.slice), call, fresh);
                    Check.equal(arena.address(made.offset), call.slice.address(), "the address of a slice");
                }
            }
            case FREE, FREE_SLICE -> gone(block, walked);
            case FREE_ALL -> {
                for (Known each : call.many) {
                    gone(each, walked);
                }
            }
            case RESIZE -> {
                if (call.done) {
                    resized(block, call.size);
                }
            }
            case REALLOCATE -> {
                if (call.result == block.handle) {
                    resized(block, call.size);
                } else if (call.result != OffsetAllocator.NO_SPACE) {
                    moved(call, call.result, walked, fresh);
                }
            }
            case REALLOCATE_SLICE -> {
                if (call.slice != null) {
                    long handle = arena.arena.allocationOf(call.slice);
                    if (handle == block.handle) {
                        resized(block, call.size);
                    } else {
                        moved(call, handle, walked, fresh);
                    }
                }
            }
            case SET_TAG -> block.tag = call.value;
            case RETIRE -> {
                gone(block, walked);
                waits(block, call.value);
            }
            case SLICE -> {
                Check.equal(arena.address(block.offset), call.slice.address(), "the address of a slice");
                Check.equal(block.size, call.slice.byteSize(), "the size of a slice");
            }
            case READ, WALK -> {}
            case RECLAIM -> {
                int before = retired.size();
                reclaimed(call.value);
                int known = before - retired.size();
                Check.that(call.result == known || !strayed.isEmpty() && call.result > known,
                        () -> "reclaimed " + call.result + " instead of " + known);
            }
            case GROW -> Check.equal(call.size, face.capacity(), "the capacity");
            case PLAN -> call.plan.close();
            case COMMIT -> {
                block.offset = call.move.to();
                call.plan.close();
            }
            case RESET -> {
                Check.that(walked.isEmpty(), "live after a reset");
                live.clear();
                retired.clear();
                strayed.clear();
            }
        }
    }

    private Known took(long handle, Call call, Set<Long> fresh) {
        Check.that(fresh.remove(handle), "a handle that was returned is not live");
        Known made = new Known();
        made.handle = handle;
        made.size = call.size;
        made.offset = face.offset(handle);
        made.units = face.units(call.size);
        Check.equal(call.size, face.size(handle), "the size");
        Check.equal(0, face.tag(handle), "the tag of a new block");
        if (arena == null) {
            Check.equal(0, made.offset % call.alignment, "the alignment");
        } else {
            Check.equal(0, arena.address(made.offset) % call.alignment, "the alignment");
            if (spec.isZeroed()) {
                Content.checkZero(arena.bytes(made.offset, made.size), 0, made.size);
            }
        }
        fill(made);
        live.add(made);
        return made;
    }

    /// A new pattern, a tag, and a slice.
    private void fill(Known block) {
        block.tag = random.nextBoolean() ? 0 : random.nextLong();
        face.setTag(block.handle, block.tag);
        if (arena != null) {
            block.pattern = Content.pattern(block.handle);
            block.slice = arena.arena.segment(block.handle);
            Content.fill(block.slice, block.pattern);
        }
    }

    private void gone(Known block, Map<Long, long[]> walked) {
        Check.that(!walked.containsKey(block.handle), () -> "still live: " + block);
        live.remove(block);
    }

    private void resized(Known block, long size) {
        long before = block.size;
        block.size = size;
        block.units = face.units(size);
        checkKept(block, before);
        fill(block);
    }

    private void checkKept(Known block, long before) {
        if (arena != null) {
            Content.check(arena.bytes(block.offset, block.size), block.pattern, before, Math.min(before, block.size));
            if (spec.isZeroed() && block.size > before) {
                Content.checkZero(arena.bytes(block.offset, block.size), before, block.size);
            }
        }
    }

    private void moved(Call call, long handle, Map<Long, long[]> walked, Set<Long> fresh) {
        Check.that(fresh.remove(handle), "a handle that was returned is not live");
        Known block = call.block;
        Check.that(!walked.containsKey(block.handle), () -> "moved, and still live: " + block);
        block.handle = handle;
        block.offset = face.offset(handle);
        Check.equal(block.tag, face.tag(handle), "the tag after a move");
        Check.equal(0, arena.address(block.offset) % call.alignment, "the alignment");
        resized(block, call.size);
    }

    private void waits(Known block, long value) {
        long newest = retired.isEmpty() ? value : Math.max(value, retired.getLast().retiredUntil);
        block.retiredUntil = newest;
        retired.add(block);
    }

    private void reclaimed(long completed) {
        for (Iterator<Known> each = retired.iterator(); each.hasNext(); ) {
            if (each.next().retiredUntil > completed) {
                break;
            }
            each.remove();
        }
    }

    // ---- what failed -------------------------------------------------------------------------------------------

    /// Returns how many blocks may be live that no one knows.
    private int settleFailed(Call call, Map<Long, long[]> walked, Set<Long> waiting) {
        Check.that(isExpected(call.thrown), () -> call + " failed with " + call.thrown);
        if (rule == Rule.NOTHING_CHANGED) {
            if (call.plan != null) {
                call.plan.close();
            }
            return 0; // all that is live is looked at anyway
        }
        Known block = call.block;
        switch (call.kind) {
            case ALLOCATE, ALLOCATE_ALIGNED, ALLOCATE_SLICE -> {
                lostUnits += face.units(call.size);
                return 1;
            }
            case FREE, FREE_SLICE -> mayBeGone(block, walked);
            case FREE_ALL -> {
                for (Known each : call.many) {
                    mayBeGone(each, walked);
                }
            }
            case RESIZE -> mayBeResized(block, call.size, walked);
            case REALLOCATE, REALLOCATE_SLICE -> {
                lostUnits += face.units(call.size);
                if (walked.containsKey(block.handle)) {
                    mayBeResized(block, call.size, walked);
                } else {
                    mayBeGone(block, walked);
                }
                return 1;
            }
            case SET_TAG -> block.tag = face.tag(block.handle) == call.value ? call.value : block.tag;
            case RETIRE -> {
                if (!walked.containsKey(block.handle)) {
                    live.remove(block);
                    lostUnits += block.units;
                    block.retiredUntil = call.value;
                    if (waiting.contains(block.offset)) {
                        strayed.add(block);
                    }
                }
            }
            case RECLAIM -> {
                for (Iterator<Known> each = retired.iterator(); each.hasNext(); ) {
                    Known one = each.next();
                    if (one.retiredUntil <= call.value) {
                        lostUnits += one.units;
                        each.remove();
                        if (waiting.contains(one.offset)) {
                            strayed.add(one);
                        }
                    }
                }
            }
            case COMMIT -> {
                long offset = face.offset(block.handle);
                Check.that(offset == call.move.from() || offset == call.move.to(), () -> "a block is at " + offset + " after " + call.move);
                block.offset = offset;
                call.plan.close();
            }
            case PLAN -> {
                // what was reserved by a plan that no one has must not stay reserved
                try (CompactionPlan again = ((AllocatorFace) face).allocator.planCompaction()) {
                    Check.that(again.moves().size() <= live.size(), "moves of blocks that aren't live");
                }
            }
            case RESET -> {
                if (walked.isEmpty()) { // done, or nothing was live before it
                    live.clear();
                    retired.removeIf(each -> !waiting.contains(each.offset));
                }
            }
            case GROW, SLICE, READ, WALK -> {}
        }
        return 0;
    }

    private boolean isExpected(Throwable thrown) {
        for (Throwable each = thrown; each != null; each = each.getCause()) {
            if (expected.isInstance(each)) {
                return true;
            }
        }
        return false;
    }

    private void mayBeGone(Known block, Map<Long, long[]> walked) {
        if (!walked.containsKey(block.handle)) {
            live.remove(block);
            lostUnits += block.units;
        }
    }

    private void mayBeResized(Known block, long size, Map<Long, long[]> walked) {
        Check.that(walked.containsKey(block.handle), () -> "gone by a resize: " + block);
        long now = face.size(block.handle);
        Check.that(now == size || now == block.size, () -> "neither the old nor the new size: " + now + ", " + block);
        long before = block.size;
        lostUnits += Math.abs(face.units(size) - block.units);
        block.size = now;
        block.units = face.units(now);
        if (arena != null) {
            Content.check(arena.bytes(block.offset, block.size), block.pattern, before, Math.min(before, now));
            fill(block);
        }
    }

    // ---- everything --------------------------------------------------------------------------------------------

    private void checkAsBefore(Known block, long[] walked) {
        Check.equal(block.offset, face.offset(block.handle), "the offset of " + block);
        Check.equal(block.size, face.size(block.handle), "the size of " + block);
        Check.equal(block.tag, face.tag(block.handle), "the tag of " + block);
        if (walked != null && walked[0] == block.offset) {
            Check.that(walked[1] == block.units || rule == Rule.ONE_BLOCK_LOST, () -> walked[1] + " units in a walk: " + block);
        }
        if (arena != null) {
            Content.check(arena.bytes(block.offset, block.size), block.pattern, block.size, block.size);
        }
    }

    private void checkRetired(Set<Long> waiting) {
        for (Known block : retired) {
            Check.that(block.units == 0 || waiting.contains(block.offset), () -> "retired, and not waiting: " + block);
            if (arena != null) {
                Content.check(arena.bytes(block.offset, block.size), block.pattern, block.size, block.size);
            }
        }
        if (rule == Rule.NOTHING_CHANGED) {
            Check.equal(retired.size(), face.retired(), "retired");
        }
    }

    /// Takes all the space that is left, so that anything free that shouldn't be is handed out, and writes over it.
    private void tryAll() {
        List<Long> taken = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            long largest = Math.min(face.largestFree(), 1 << 16);
            long handle = largest <= 0 ? OffsetAllocator.NO_SPACE : face.allocate(largest * face.unit(), 1);
            if (handle == OffsetAllocator.NO_SPACE) {
                break;
            }
            long offset = face.offset(handle);
            for (Known block : live) {
                Check.that(offset >= block.offset + block.units || block.offset >= offset + largest, () -> "handed out twice: " + block);
            }
            if (arena != null) {
                arena.bytes(offset, Math.min(LARGEST_COPY, largest * face.unit())).fill((byte) 0x2B);
            }
            taken.add(handle);
        }
        for (Known block : live) {
            checkAsBefore(block, null);
        }
        for (long handle : taken) {
            face.free(handle);
        }
    }

    /// Frees all that is known: then all is free, but for what may be lost.
    void finish() {
        while (!live.isEmpty()) {
            face.free(live.removeLast().handle);
        }
        face.reclaim(-1);
        face.verify();
        Check.equal(ofOthers.size(), face.allocations(), "live at the end");
        if (ofOthers.isEmpty()) {
            long missing = face.capacity() - face.totalFree();
            Check.that(missing <= lostUnits, () -> missing + " units are missing, where " + lostUnits + " may be lost");
            if (rule == Rule.NOTHING_CHANGED) {
                Check.equal(0, face.retired(), "retired at the end");
            }
        }
        face.reset();
        Check.equal(face.capacity(), face.totalFree(), "free after a reset");
        face.verify();
        face.close();
    }
}
