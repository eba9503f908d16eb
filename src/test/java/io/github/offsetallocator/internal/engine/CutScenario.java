package io.github.offsetallocator.internal.engine;

import io.github.offsetallocator.internal.engine.Shadow.Call;
import io.github.offsetallocator.internal.engine.Shadow.Kind;
import io.github.offsetallocator.internal.regions.FitPolicy;
import io.github.offsetallocator.internal.tables.TableMemory.Threads;
import java.util.Set;
import java.util.SplittableRandom;

/// Cuts calls short, and opens the tables that this leaves behind once more. Runs in classes that [CutLoader] has loaded.
///
/// A run is repeated for each store of its last call, and is the same each time up to that store.
final class CutScenario {
    private static final int CALLS_BEHIND = 150;
    /// A call with more stores than this is cut after some of them.
    private static final int ALL_STORES = 120;

    /// Engines that differ in what they have.
    enum World {
        SLABS(Threads.CONFINED, 50_000, FitPolicy.GOOD, 1 << 20, true, false, 3, 5, 12),
        PAGES(Threads.CONFINED, 1 << 14, FitPolicy.GOOD, 1 << 20, true, true, 2, 3, 16),
        LARGE_SIZES(Threads.CONFINED, 1 << 22, FitPolicy.GOOD, 1 << 20, true, true, 70, 152, 502, 1000),
        FEW_BLOCKS(Threads.CONFINED, 50_000, FitPolicy.GOOD, 220, true, true, 3, 5, 12),
        NO_SLABS(Threads.CONFINED, 20_000, FitPolicy.GOOD, 1 << 20, false, true, 3, 70),
        REFERENCE(Threads.CONFINED, 20_000, FitPolicy.REFERENCE, 1 << 20, false, false, 3, 70),
        WHOLE_RANGE(Threads.CONFINED, 0xFFFF_FFFFL, FitPolicy.GOOD, 1 << 20, true, false, 3, 70, 502),
        ANY_THREAD(Threads.ANY, 1 << 14, FitPolicy.GOOD, 1 << 20, true, true, 2, 3, 16),
        ANY_THREAD_LARGE(Threads.ANY, 1 << 22, FitPolicy.GOOD, 400, true, false, 70, 152, 502, 1000),
        TWO_STRIPES(Threads.ANY, 1 << 14, FitPolicy.GOOD, 1 << 20, true, true, 3, 5, 16);

        private final Settings settings;
        private final long[] sizes;

        World(Threads threads, long capacity, FitPolicy policy, int maxBlocks, boolean hasSlabs, boolean byOffset, long... sizes) {
            settings = new Settings(capacity, policy, maxBlocks, false, hasSlabs, byOffset, 0, threads);
            this.sizes = sizes;
        }
    }

    private final World world;
    private final Kind kind;
    private final long seed;

    private CutScenario(World world, Kind kind, long seed) {
        this.world = world;
        this.kind = kind;
        this.seed = seed;
    }

    /// Cuts all kinds of calls short.
    ///
    /// @return how many cuts there were
    static int run(String world, long seed) {
        int cuts = 0;
        for (Kind kind : Kind.values()) {
            cuts += runKind(world, kind.name(), seed);
        }
        return cuts;
    }

    /// Cuts calls of one kind short.
    static int runKind(String world, String kind, long seed) {
        return new CutScenario(World.valueOf(world), Kind.valueOf(kind), seed).cutAll();
    }

    private int cutAll() {
        int stores = cut(0, 0);
        int cuts = 0;
        for (int n = 1; n <= stores; n += n < ALL_STORES ? 1 : 1 + stores / ALL_STORES) {
            cut(n, n % 4);
            cuts++;
        }
        return cuts;
    }

    /// Cuts the call short after its `n`-th store.
    ///
    /// @param then 0: looks at the tables next; 1: makes other calls first; 2: cuts what comes next short too; 3: asks first
    /// @return how many stores the call makes, if `n` is 0
    private int cut(int n, int then) {
        SplittableRandom random = new SplittableRandom(seed * 31 + kind.ordinal());
        Shadow shadow = new Shadow(world.settings, world.sizes, seed);
        Throwable cause = null;
        try {
            Call call = before(shadow, random);
            if (call == null) {
                return 0;
            }
            Cut.arm(n);
            try {
                shadow.run(call);
                if (n == 0) {
                    int stores = Cut.disarm();
                    if (isMadeAnew()) {
                        shadow.checkIsInASlabMadeAnew(call);
                    }
                    return stores;
                }
                throw new AssertionError("made fewer stores than before");
            } catch (Cut.Struck struck) {
                cause = struck;
            }
            if (world.settings.byOffset()) {
                reopen(shadow, n, then);
            }
            if (then == 1) {
                shadow.meanwhile(call, random);
            } else if (then == 2) {
                cutTheRebuild(shadow, random);
            } else if (then == 3) {
                shadow.ask(call);
            }
            shadow.settle(call);
            shadow.work(CALLS_BEHIND);
            shadow.check();
            shadow.end(world.settings.policy() == FitPolicy.GOOD);
            return 0;
        } catch (RuntimeException | AssertionError e) {
            if (cause != null) {
                e.addSuppressed(cause);
            }
            throw new AssertionError(world + ", " + kind + ", seed " + seed + ", store " + n + ", then " + then + ": " + e, e);
        } finally {
            Cut.disarm();
            shadow.engine.close(() -> {});
        }
    }

    /// Opens the tables as a process would that finds them in a file after a kill: it must find what is found here.
    private void reopen(Shadow shadow, int n, int then) {
        Set<String> there = Reopened.live(shadow.engine, world.settings, 0);
        Set<String> later = Reopened.live(shadow.engine, world.settings, 1 + (int) ((seed * 31 + n) * 977 % 1500));
        if (!there.equals(later)) {
            throw new AssertionError("opened a second time it has " + later + ", not " + there);
        }
        if (then == 0) {
            shadow.engine.verify(); // rebuilds
            Set<String> here = Reopened.live(shadow.engine);
            if (!there.equals(here)) {
                throw new AssertionError("opened again it has " + there + ", not " + here);
            }
        }
    }

    /// Whether the call makes a slab anew for another size.
    private boolean isMadeAnew() {
        return world == World.TWO_STRIPES && kind == Kind.POPULAR;
    }

    /// What is live before the call, and the call.
    private Call before(Shadow shadow, SplittableRandom random) {
        if (world == World.WHOLE_RANGE) {
            shadow.takeHalf();
        }
        if (isMadeAnew()) {
            return shadow.beforeASlabIsMadeAnew(3, 5);
        }
        if (world == World.TWO_STRIPES) {
            shadow.useASecondStripe();
        }
        if (seed % 3 == 0) { // after a peak, the tables are large
            for (int i = 0; i < 500; i++) {
                shadow.make(Kind.SMALL);
            }
            while (shadow.count() > 3 + seed % 5) {
                shadow.make(Kind.FREE);
            }
        } else {
            shadow.work(150 + (int) (seed % 7) * 50);
        }
        if (kind == Kind.FREE_RETIRED) {
            shadow.make(Kind.RETIRE);
        }
        boolean needsPlan = kind == Kind.MOVE || kind == Kind.END_PLAN;
        if (needsPlan != shadow.hasPlan() && (needsPlan || kind == Kind.PLAN)) {
            shadow.make(needsPlan ? Kind.PLAN : Kind.END_PLAN);
        }
        return shadow.prepare(kind, random);
    }

    /// Cuts the next calls short as long as they make more stores than chance says.
    private static void cutTheRebuild(Shadow shadow, SplittableRandom random) {
        for (int round = 0; round < 3; round++) {
            Cut.arm(1 + random.nextInt(round == 0 ? 20 : 400));
            try {
                shadow.engine.verify();
            } catch (Cut.Struck struck) {
                continue;
            } finally {
                Cut.disarm();
            }
        }
    }
}
