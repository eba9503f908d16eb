package io.github.offsetallocator.internal.engine;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// Strikes before a call, as a StackOverflowError does. In classes that [StrikeLoader] has loaded, each call comes after one of [#beforeCall()].
public final class Strike {
    private static final List<Arena> ARENAS = new ArrayList<>();
    private static int calls;
    private static int strikeAt;
    private static int again;

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
            strikeAt = again == 0 ? 0 : calls + again;
            again = 0;
            throw new Struck(calls);
        }
    }

    /// Comes after each arena that memory other than a table's is to lie in.
    public static void made(Arena arena) {
        ARENAS.add(arena);
    }

    /// How many of those are open.
    static int openArenas() {
        ARENAS.removeIf(arena -> !arena.scope().isAlive());
        return ARENAS.size();
    }

    /// How many calls something makes, if nothing strikes.
    static int callsOf(Runnable work) {
        strikes(Integer.MAX_VALUE, work);
        return calls;
    }

    /// Lets nothing strike from here on, nor be counted.
    static void calm() {
        strikeAt = 0;
    }

    /// Does something while the `n`-th call strikes that it makes, once.
    ///
    /// @return whether there were so many
    static boolean strikes(int n, Runnable work) {
        return strikes(n, 0, work);
    }

    /// As [#strikes(int, Runnable)], and once more so many calls later, if there are as many.
    static boolean strikes(int n, int later, Runnable work) {
        calls = 0;
        again = later;
        strikeAt = n;
        try {
            work.run();
        } catch (Struck struck) {
            return true;
        } finally {
            strikeAt = 0;
            again = 0;
        }
        return calls >= n;
    }
}
