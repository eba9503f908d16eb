package io.github.offsetallocator.durable;

import io.github.offsetallocator.SegmentArena;
import io.github.offsetallocator.durable.Report.Kind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What must be in a file, by what its worker has said.
final class KillModel {
    private static final int FREED = 3000;

    /// A block.
    private static final class Block {
        long size;
        long tag;
        /// So many bytes are as the tag says.
        long filled;
        /// Whether bytes are being written, or were when all ended.
        boolean isBeingFilled;
        /// Whether what lies behind those may be of any tag; otherwise nobody has written there.
        boolean isMixed;

        void retag(long now) {
            isMixed |= filled > 0;
            filled = 0;
            tag = now;
        }
    }

    private final boolean isZeroed;
    private final boolean isGrowing;
    private final Map<Long, Block> live = new HashMap<>();
    private final Deque<Long> freed = new ArrayDeque<>();
    private final Map<Integer, Report> underWay = new HashMap<>();
    private long root;
    private long byteSize;
    private long reports;

    KillModel(Setting setting) {
        isZeroed = setting.isZeroed(); // then what nobody has filled is zero
        isGrowing = setting.isGrowing();
        byteSize = setting.byteSize;
    }

    long reports() {
        return reports;
    }

    int liveBlocks() {
        return live.size();
    }

    /// The calls that are under way.
    Set<Kind> underWay() {
        Set<Kind> kinds = EnumSet.noneOf(Kind.class);
        underWay.values().forEach(call -> kinds.add(call.kind()));
        return kinds;
    }

    // ---- what was said -----------------------------------------------------------------------------------------

    void add(Report report) {
        reports++;
        if (!report.isDone()) {
            underWay.put(report.thread(), report);
            if (report.kind() == Kind.FILL) {
                live.get(report.arguments()[0]).isBeingFilled = true;
            }
            return;
        }
        Report call = underWay.remove(report.thread());
        long[] with = call.arguments();
        long result = report.arguments().length > 0 ? report.arguments()[0] : 0;
        switch (report.kind()) {
            case ALLOCATE, DISSOLVE -> {
                if (result != SegmentArena.NO_SPACE) {
                    Block made = new Block();
                    made.size = with[0];
                    check(live.put(result, made) == null, "a handle was given out twice: ", result);
                }
            }
            case TAG -> {
                live.get(with[0]).retag(with[1]);
            }
            case FILL -> {
                Block block = live.get(with[0]);
                block.filled = block.size;
                block.isBeingFilled = false;
                block.isMixed = false;
            }
            case FREE, FREE_SEGMENT, RETIRE -> end(with[0]);
            case FREE_ALL -> Arrays.stream(with).forEach(this::end);
            case RESIZE -> {
                if (result == 1) {
                    resize(live.get(with[0]), with[1]);
                }
            }
            case REALLOCATE -> {
                if (result != SegmentArena.NO_SPACE) {
                    Block block = live.get(with[0]);
                    if (result != with[0]) {
                        end(with[0]);
                        check(live.put(result, block) == null, "a handle was given out twice: ", result);
                    }
                    resize(block, with[1]);
                }
            }
            case ROOT -> root = with[0];
            case RESET -> endAll();
            case GROW -> byteSize = with[0];
            case OPEN, CHURN, CLOSE -> {}
        }
    }

    private static void resize(Block block, long size) {
        block.size = size;
        block.filled = Math.min(size, block.filled);
    }

    private void end(long handle) {
        check(live.remove(handle) != null, "freed, but not live: ", handle);
        freed.addLast(handle);
        if (freed.size() > FREED) {
            freed.removeFirst();
        }
    }

    private void endAll() {
        new ArrayList<>(live.keySet()).forEach(this::end);
    }

    // ---- what is there -----------------------------------------------------------------------------------------

    /// Compares, and takes over what has become of the calls that were under way.
    void check(SegmentArena arena) {
        arena.verify();
        Set<Long> found = new HashSet<>();
        long[] end = {0};
        arena.forEachRegion((offset, size, allocation) -> {
            check(offset == end[0], "regions don't follow each other: ", offset);
            end[0] = offset + size;
            check(allocation >= 0, "something is retired: ", offset);
            if (allocation > 0) {
                check(found.add(allocation), "there twice: ", allocation);
                check(arena.offset(allocation) >= offset && arena.offset(allocation) - offset + arena.size(allocation) <= size,
                        "a block is larger than its region: ", allocation);
            }
        });
        List<Report> calls = new ArrayList<>(underWay.values());
        underWay.clear();
        checkByteSize(arena, calls);
        for (Report call : calls) {
            settle(arena, found, call);
        }
        Set<Long> extra = new HashSet<>(found);
        extra.removeAll(live.keySet());
        for (Report call : calls) {
            settleNew(arena, extra, call);
        }
        check(extra.isEmpty(), "blocks that nobody made: " + extra.size() + ", the first is ", extra.isEmpty() ? 0 : extra.iterator().next());
        for (Map.Entry<Long, Block> entry : live.entrySet()) {
            check(found.contains(entry.getKey()), "lost: ", entry.getKey());
            checkBlock(arena, entry.getKey(), entry.getValue());
        }
        for (long handle : freed) {
            check(!found.contains(handle) && isRefused(arena, handle), "live again: ", handle);
        }
        check(arena.root() == root, "another root: ", arena.root());
        check(arena.allocations() == live.size(), "counted wrong: ", arena.allocations());
    }

    /// One that grows by itself may have done so in any call; it never becomes smaller.
    private void checkByteSize(SegmentArena arena, List<Report> calls) {
        long now = arena.byteSize();
        boolean isRight = now == byteSize || isGrowing && now > byteSize && now <= arena.maxByteSize();
        for (Report call : calls) {
            isRight |= call.kind() == Kind.GROW && now == call.arguments()[0];
        }
        check(isRight, "another size, after " + byteSize + ": 0x", now);
        byteSize = now;
    }

    /// A call on blocks that there were.
    private void settle(SegmentArena arena, Set<Long> found, Report call) {
        long[] with = call.arguments();
        switch (call.kind()) {
            case FREE, FREE_SEGMENT, RETIRE -> {
                if (!found.contains(with[0])) {
                    end(with[0]);
                }
            }
            case FREE_ALL -> {
                long left = Arrays.stream(with).filter(found::contains).count();
                check(left == 0 || left == with.length, "half of a freeAll: " + call + ", left ", left);
                if (left == 0) {
                    Arrays.stream(with).forEach(this::end);
                }
            }
            case RESIZE -> {
                if (found.contains(with[0]) && arena.size(with[0]) == with[1]) {
                    resize(live.get(with[0]), with[1]);
                }
            }
            case TAG -> {
                if (found.contains(with[0]) && arena.tag(with[0]) == with[1]) {
                    live.get(with[0]).retag(with[1]);
                }
            }
            case RESET -> {
                if (found.isEmpty()) {
                    endAll();
                }
            }
            case ROOT -> root = arena.root() == with[0] ? with[0] : root;
            default -> {}
        }
    }

    /// A call that makes blocks.
    private void settleNew(SegmentArena arena, Set<Long> extra, Report call) {
        long[] with = call.arguments();
        switch (call.kind()) {
            case ALLOCATE, DISSOLVE -> {
                for (long handle : extra) {
                    if (arena.size(handle) == with[0] && arena.tag(handle) == 0) {
                        adopt(arena, extra, handle);
                        break;
                    }
                }
            }
            case REALLOCATE -> {
                Block block = live.get(with[0]);
                if (isRefused(arena, with[0])) {
                    long moved = extra.stream().filter(handle -> arena.size(handle) == with[1] && arena.tag(handle) == block.tag).findAny().orElse(0L);
                    check(moved != 0, "neither moved nor there: ", with[0]);
                    end(with[0]);
                    live.put(moved, block);
                    extra.remove(moved);
                    resize(block, with[1]);
                } else if (arena.size(with[0]) == with[1]) {
                    resize(block, with[1]);
                }
            }
            case CHURN -> {
                List<Long> sizes = new ArrayList<>(Arrays.stream(Report.churn(with[0], (int) with[1])).boxed().toList());
                for (long handle : new ArrayList<>(extra)) {
                    if (arena.tag(handle) == 0 && sizes.remove(arena.size(handle))) {
                        adopt(arena, extra, handle);
                    }
                }
            }
            default -> {}
        }
    }

    private void adopt(SegmentArena arena, Set<Long> extra, long handle) {
        Block made = new Block();
        made.size = arena.size(handle);
        live.put(handle, made);
        extra.remove(handle);
    }

    private void checkBlock(SegmentArena arena, long handle, Block block) {
        check(arena.size(handle) == block.size, "another size, of " + Long.toHexString(handle) + ": ", arena.size(handle));
        check(arena.tag(handle) == block.tag, "another tag, of " + Long.toHexString(handle) + ": ", arena.tag(handle));
        check(arena.allocationAt(arena.address(handle)) == handle, "not to be found: ", handle);
        MemorySegment bytes = arena.segment(handle);
        block.isMixed |= block.isBeingFilled;
        for (long i = block.filled; isZeroed && !block.isMixed && i < block.size; i++) {
            check(bytes.get(ValueLayout.JAVA_BYTE, i) == 0, "not zero, in " + Long.toHexString(handle) + ": byte ", i);
        }
        block.isBeingFilled = false;
        for (long i = 0; i < block.filled; i++) {
            if (bytes.get(ValueLayout.JAVA_BYTE, i) != Report.content(block.tag, i)) {
                throw new AssertionError("changed: byte " + i + " of " + block.filled + " of " + Long.toHexString(handle));
            }
        }
    }

    private static boolean isRefused(SegmentArena arena, long handle) {
        try {
            arena.size(handle);
            return false;
        } catch (IllegalStateException e) {
            return true;
        }
    }

    private static void check(boolean fact, String otherwise, long x) {
        if (!fact) {
            throw new AssertionError(otherwise + Long.toHexString(x));
        }
    }
}
