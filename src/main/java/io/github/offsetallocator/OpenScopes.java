package io.github.offsetallocator;

import java.util.Arrays;

/// The scopes of a confined arena that are open. Each knows its place here; one that closes leaves its place to the last.
///
/// They lie in an array, and not in a ring: that the collector hears of a new object in an old one costs as much as to allocate a block. Here it is
/// one such store for each scope, in a ring two.
final class OpenScopes {
    private static final int FIRST = 4;

    private ConfinedScope[] open = {};
    private int count;

    boolean isEmpty() {
        return count == 0;
    }

    void add(ConfinedScope scope) {
        if (count == open.length) {
            open = Arrays.copyOf(open, Math.max(FIRST, 2 * count));
        }
        open[count] = scope;
        scope.place = count++;
    }

    void remove(ConfinedScope scope) {
        ConfinedScope last = open[--count];
        if (last != scope) {
            open[scope.place] = last;
            last.place = scope.place;
        }
        open[count] = null;
        scope.place = ConfinedScope.NOT_OPEN;
    }

    /// Ends the slices of those scopes whose slices live apart from the memory, before that ends. It may refuse yet: so the
    /// scopes keep their blocks, to be freed by their `close`. The JDK says whether a slice is in use by refusing to end it, and not before.
    void endSlices() {
        for (int i = 0; i < count; i++) {
            if (open[i].slicesDie) {
                open[i].end();
            }
        }
    }

    /// Ends all of them, whose blocks are gone with the memory.
    void endAll() {
        for (int i = count - 1; i >= 0; i--) {
            ConfinedScope scope = open[i];
            scope.forgetAll();
            try {
                scope.end();
                remove(scope);
            } catch (IllegalStateException inUse) { // by someone's own segment: its `close` ends it
                assert !scope.slicesDie;
            }
        }
    }
}
