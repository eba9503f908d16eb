package io.github.offsetallocator.internal.engine;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.Arena;

/// Loads the library once more, with a call of [Strike#beforeCall()] before each call in it and of [Strike#made] after each arena that it
/// makes, and what calls it as it is.
final class StrikeLoader extends ChangingLoader {
    private static final ClassDesc STRIKE = ClassDesc.of(Strike.class.getName());
    private static final ClassDesc ARENA = ClassDesc.of(Arena.class.getName());

    private static final CodeTransform STRIKE_BEFORE_CALLS = (code, element) -> {
        if (element instanceof InvokeInstruction call && !call.name().equalsString("<init>")) {
            code.invokestatic(STRIKE, "beforeCall", MethodTypeDesc.of(ConstantDescs.CD_void));
        }
        code.with(element);
        if (element instanceof InvokeInstruction call && call.name().equalsString("newArena")) {
            code.dup().invokestatic(STRIKE, "made", MethodTypeDesc.of(ConstantDescs.CD_void, ARENA));
        }
    };

    StrikeLoader() {
        super("io.github.offsetallocator.");
    }

    private static boolean isOfTheTest(String name) {
        return name.contains("Strike") || name.contains("FailingSource");
    }

    @Override
    byte[] changed(String name, byte[] bytes) {
        ClassFile files = ClassFile.of();
        return isOfTheTest(name) ? bytes : files.transformClass(files.parse(bytes),
                ClassTransform.transformingMethodBodies(method -> !method.methodName().equalsString("<clinit>"), STRIKE_BEFORE_CALLS));
    }
}
