package io.github.offsetallocator.internal.engine;

/// Strikes before a call, as a StackOverflowError does. In classes that [StrikeLoader] has loaded, each call comes after one of [#beforeCall()].
public final class Strike {
    private static int calls;
    private static int strikeAt;

    private Strike() {}

    /// What strikes. Nothing in the library knows it.
    static final class Struck extends Error {
        private static final long serialVersionUID = 1;

        Struck(int call) {
            super("struck before call " + call);
        }
    }

    public static void beforeCall() {
        if (strikeAt > 0 && ++calls == strikeAt) {
            strikeAt = 0;
            throw new Struck(calls);
        }
    }

    /// Does something while the `n`-th call strikes that it makes, once.
    ///
    /// @return whether there were so many
    static boolean strikes(int n, Runnable work) {
        calls = 0;
        strikeAt = n;
        try {
            work.run();
        } catch (Struck struck) {
            return true;
        } finally {
            strikeAt = 0;
        }
        return calls >= n;
    }
}
