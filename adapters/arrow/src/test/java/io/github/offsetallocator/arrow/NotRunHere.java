package io.github.offsetallocator.arrow;

import java.util.Map;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Which of Arrow's own tests don't run over an arena, and why.
public final class NotRunHere implements ExecutionCondition {
    private static final String OWN_TOO = "fails with Arrow's own allocators, too, as it is set up here";

    private static final Map<String, String> REASONS = Map.of(
            "TestOpens.testMemoryUtilFailsLoudly", "wants a JVM without --add-opens",
            "TestArrowBuf.testEnabledAssertion", "wants Logback",
            "TestArrowBuf.testEnabledHistoricalLog", "wants Logback",
            "TestJSONFile.testSetStructLength", "wants a file that lies in its jar",
            "TestValueVector.testFixedType2", OWN_TOO,
            "TestValueVector.testFixedType3", OWN_TOO,
            "TestValueVector.testFixedType4", OWN_TOO,
            "TestValueVector.testFixedFloat2", OWN_TOO,
            "TestValueVector.testFixedFloat2WithPossibleTruncate", OWN_TOO);

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        String name = context.getTestMethod()
                .map(method -> context.getRequiredTestClass().getSimpleName() + "." + method.getName())
                .orElse("");
        String reason = REASONS.get(name);
        return reason == null ? ConditionEvaluationResult.enabled("") : ConditionEvaluationResult.disabled(reason);
    }
}
