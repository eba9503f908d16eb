package io.github.offsetallocator.internal.tables;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// A look at a table is paid for by frees: as many as it reads entries.
class TrimRuleTest {
    private final Tally tally = new Tally();
    private final TrimRule rule = new TrimRule(tally);

    private void takeAndGive(int blocks) {
        for (int i = 0; i < blocks; i++) {
            tally.took(1);
            tally.gave(1);
        }
    }

    @Test
    void aLookIsPaidForByFrees() {
        for (int i = 0; i < 50; i++) {
            tally.took(1);
        }
        rule.start(100);
        takeAndGive(100);
        assertTrue(rule.isDue());
        rule.looked(10_000);
        takeAndGive(10_000);
        assertFalse(rule.isDue());
        takeAndGive(1);
        assertTrue(rule.isDue());
    }

    @Test
    void aLookComesAgainWhenHalfHasEnded() {
        for (int i = 0; i < 50; i++) {
            tally.took(1);
        }
        rule.start(100);
        takeAndGive(100);
        rule.looked(10_000);
        for (int i = 0; i < 25; i++) {
            tally.gave(1);
        }
        assertFalse(rule.isDue());
        tally.gave(1);
        assertTrue(rule.isDue());
    }

    @Test
    void whereManyAreLiveThereIsNoLook() {
        rule.start(100);
        takeAndGive(1000);
        for (int i = 0; i < 100; i++) {
            tally.took(1);
        }
        assertFalse(rule.isDue());
        tally.gave(1);
        assertTrue(rule.isDue());
    }

    /// Waves of blocks: each time that the table has grown again, it waits for twice as many frees.
    @Test
    void aTableThatGrowsAgainAndAgainStays() {
        int smaller = 0;
        boolean isLarge = false;
        for (int wave = 0; wave < 1000; wave++) {
            if (!isLarge) {
                rule.start(10);
                rule.start(100);
            }
            takeAndGive(1000);
            isLarge = !rule.isDue();
            smaller += isLarge ? 0 : 1;
        }
        assertTrue(smaller > 2 && smaller < 20, smaller + " times");
        rule.start(10);
        rule.start(100);
        rule.cleared();
        assertFalse(rule.isDue(), "a reset is a wave too");
        takeAndGive(1 << 24);
        assertTrue(rule.isDue(), "in the end it gets smaller");
        rule.soon();
        assertTrue(rule.isDue(), "somebody asks");
    }
}
