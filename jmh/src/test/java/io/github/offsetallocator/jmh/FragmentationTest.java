package io.github.offsetallocator.jmh;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

class FragmentationTest {
    /// What blocks waiting in quick lists may cost. That of other bars is tested with the fit.
    @ParameterizedTest
    @EnumSource(mode = Mode.EXCLUDE, names = {"CHURN_64K", "CHURN_1M"})
    void quickListsNeedLittleMoreSpace(Work work) {
        double with = Fragmentation.overhead(Fragmentation.Setting.GOOD, work);
        double without = Fragmentation.overhead(Fragmentation.Setting.GOOD_WITHOUT_QUICK_LISTS, work);
        assertTrue(with <= without * FragmentationReport.QUICK_LISTS_BAR, () -> with + " instead of " + without);
    }
}
