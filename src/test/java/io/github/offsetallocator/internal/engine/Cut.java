package io.github.offsetallocator.internal.engine;

/// Strikes after a store, as a StackOverflowError can. In classes that [CutLoader] has loaded, each store to a segment is
/// followed by a call of [#afterStore()].
public final class Cut {
    private static int stores;
    private static int strikeAt;

    private Cut() {}

    /// What strikes. Nothing in the library knows it.
    static final class Struck extends Error {
        private static final long serialVersionUID = 1;

        Struck(int store) {
            super("cut short after store " + store);
        }
    }

    public static void afterStore() {
        if (++stores == strikeAt) {
            strikeAt = 0;
            throw new Struck(stores);
        }
    }

    /// Strikes once, after the `n`-th store from now on. With 0 it only counts.
    static void arm(int n) {
        stores = 0;
        strikeAt = n;
    }

    /// Strikes no more.
    ///
    /// @return how many stores there were since [#arm]
    static int disarm() {
        strikeAt = 0;
        return stores;
    }
}
