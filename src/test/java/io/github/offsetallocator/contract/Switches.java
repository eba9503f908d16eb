package io.github.offsetallocator.contract;

import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// What of the suite runs: `-Dawaited=true`, `-Dfault=n`, `-Dhelp=n`, `-Dcontract.minutes=n`, `-Dcontract.seed=n`.
final class Switches implements ExecutionCondition {
    /// How long the random part runs; 0 is the short run with the same seeds each time.
    static final double MINUTES = Double.parseDouble(System.getProperty("contract.minutes", "0"));

    private static final int FAULT = Integer.getInteger("fault", 0);
    private static final int HELP = Integer.getInteger("help", 0);

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (FAULT != 0 || HELP != 0) {
            boolean fault = has(FAULT, AnnotationSupport.findAnnotation(context.getElement(), Fault.class).map(Fault::value));
            boolean help = has(HELP, AnnotationSupport.findAnnotation(context.getElement(), Help.class).map(Help::value));
            if (context.getTestMethod().isPresent() && !fault && !help) {
                return ConditionEvaluationResult.disabled("of another row");
            }
        }
        return ConditionEvaluationResult.enabled("");
    }

    private static boolean has(int row, Optional<int[]> rows) {
        return rows.isPresent() && Arrays.stream(rows.get()).anyMatch(each -> each == row);
    }
}
