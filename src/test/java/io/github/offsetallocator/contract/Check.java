package io.github.offsetallocator.contract;

import java.util.function.Supplier;

/// Assertions that a forked JVM without JUnit can use too.
final class Check {
    /// Something that may throw.
    @FunctionalInterface
    interface Action {
        /// Does it.
        void run() throws Throwable;
    }

    private Check() {}

    static void that(boolean fact, String otherwise) {
        if (!fact) {
            throw new AssertionError(otherwise);
        }
    }

    static void that(boolean fact, Supplier<String> otherwise) {
        if (!fact) {
            throw new AssertionError(otherwise.get());
        }
    }

    static void equal(long expected, long seen, String what) {
        if (expected != seen) {
            throw new AssertionError(what + ": " + seen + " instead of " + expected);
        }
    }

    /// A freed, forged or foreign handle or segment: one of two exceptions, never silent.
    static RuntimeException refused(Action action) {
        return refused("", action);
    }

    /// As [#refused(Action)], where `what` says what was tried.
    static RuntimeException refused(String what, Action action) {
        try {
            action.run();
        } catch (IllegalStateException | IllegalArgumentException expected) {
            that(expected.getMessage() != null && !expected.getMessage().isBlank(), what + ": refused without a word");
            return expected;
        } catch (Throwable other) {
            throw new AssertionError(what + ": refused with the wrong exception", other);
        }
        throw new AssertionError(what + ": was accepted");
    }

    /// Exactly this exception, or one derived from it.
    static <T extends Throwable> T thrown(Class<T> expected, Action action) {
        return thrown(expected, "", action);
    }

    /// As [#thrown(Class, Action)], where `what` says what was tried.
    static <T extends Throwable> T thrown(Class<T> expected, String what, Action action) {
        try {
            action.run();
        } catch (Throwable seen) {
            if (expected.isInstance(seen)) {
                return expected.cast(seen);
            }
            throw new AssertionError(what + ": expected " + expected.getSimpleName(), seen);
        }
        throw new AssertionError(what + ": expected " + expected.getSimpleName() + ", but nothing was thrown");
    }
}
