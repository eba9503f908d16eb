package io.github.offsetallocator.internal.engine;

import static io.github.offsetallocator.internal.tables.NodeTable.*;

import io.github.offsetallocator.internal.regions.Compaction;
import io.github.offsetallocator.internal.regions.Regions;
import io.github.offsetallocator.internal.tables.PageMap;
import java.lang.foreign.MemorySegment;
import java.util.function.Function;

/// The compaction plan of an engine, from the call that makes it to its end. There is one at most.
///
/// ```
///   plan ----> move, move, ... ----> endPlan     the free regions that it has reserved go back to the bins
///                                    reset       it ends with all blocks
///                                    an error    the rebuild makes the bins anew, without it
/// ```
///
/// While it is open, slabs are off: all of them have been dissolved into nodes, which can move, and no new ones are made. Where there is room
/// enough already, nothing is to move, and slabs stay. A block that is freed meanwhile goes to the plan if the plan covers it. [OneThread#release] asks for that at each free, which
/// is why the engine has the field `plan` and not this class.
final class OpenPlan {
    private final OneThread engine;

    OpenPlan(OneThread engine) {
        this.engine = engine;
    }

    /// `reader` makes of a plan what the caller gets, before the plan is open: if that fails, nobody could end it.
    <T> T make(long target, long alignment, Function<Compaction, T> reader) {
        engine.checkUsable();
        engine.recover();
        if (engine.plan != null) {
            throw new IllegalStateException("a compaction plan is open: finish or close it first");
        }
        Regions regions = engine.regions();
        boolean hasRoom = engine.slabs() != null && hasRoom(target);
        if (engine.slabs() != null && !hasRoom) {
            engine.slabs().dissolveAll();
        }
        Compaction made = Compaction.of(regions, hasRoom ? 0 : target, alignment);
        T read = reader.apply(made);
        MemorySegment t = regions.table();
        try {
            if (made.count() > 0) {
                regions.beginLarge(t);
                engine.plan = made;
                made.reserve();
                engine.openSlabs();
                Regions.end(t);
            }
            regions.publish();
            regions.tally().happenings().compactionPlanned(target, made.count());
            return read;
        } catch (Error e) { // nobody has the plan: a rebuild ends it
            engine.struck = true;
            throw e;
        }
    }

    /// Whether a free region is large enough as it is, or will be when slabs are dissolved. Then nothing moves, see [Compaction#of].
    private boolean hasRoom(long target) {
        long[] largest = new long[1];
        engine.forEachRegion(largest, null, OpenPlan::noteFree);
        return largest[0] >= Math.min(target, engine.freeUnits());
    }

    private static void noteFree(long[] largest, Object none, long offset, long size, long handle) {
        largest[0] = handle == Walk.FREE ? Math.max(largest[0], size) : largest[0];
    }

    boolean move(long handle, long from, long to) {
        engine.checkUsable();
        engine.recover();
        int node = engine.nodeOf(handle);
        PageMap pages = engine.pages();
        MemorySegment t = engine.regions().ready(1);
        if (engine.plan == null || !Compaction.canMove(t, node, from, to)) {
            return false;
        }
        if (pages != null) {
            pages.readyBlock(to << 32 | sizeOf(region(t, node)));
        }
        Regions.begin(t);
        if (pages != null) {
            pages.remove(t, node);
        }
        engine.plan.move(t, node, to);
        if (pages != null) {
            pages.add(t, node);
        }
        Regions.end(t);
        return true;
    }

    void end(Compaction ended) {
        engine.checkUsable();
        engine.recover();
        if (engine.plan == ended) {
            Regions regions = engine.regions();
            MemorySegment t = regions.table();
            regions.beginLarge(t);
            engine.plan = null;
            ended.release();
            engine.openSlabs();
            Regions.end(t);
            regions.publish();
            regions.tally().happenings().compactionDone(ended.count());
        }
    }
}
