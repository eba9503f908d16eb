package io.github.offsetallocator.internal.engine;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.junit.jupiter.api.Test;

/// A thread that asks for a block's size is stopped between its reads, while another one changes that size and changes it back.
class SizeBetweenTest {
    /// Loads the library once more, with a call of [SizeBetweenScenario#between] before what [AnyThread#size] reads of a node's region, and
    /// before it asks whether the bins are busy.
    private static final class Loader extends ChangingLoader {
        Loader() {
            super("io.github.offsetallocator.");
        }

        @Override
        byte[] changed(String name, byte[] bytes) {
            ClassFile files = ClassFile.of();
            return !name.equals(AnyThread.class.getName()) ? bytes : files.transformClass(files.parse(bytes),
                    ClassTransform.transformingMethodBodies(method -> method.methodName().equalsString("size"), (code, element) -> {
                        if (element instanceof InvokeInstruction call && (call.name().equalsString("region") || call.name().equalsString("half"))) {
                            code.invokestatic(ClassDesc.of(SizeBetweenScenario.class.getName()), "between", MethodTypeDesc.of(ConstantDescs.CD_void));
                        }
                        code.with(element);
                    }));
        }
    }

    @Test
    void aSizeIsTheOneBeforeOrAfterAResize() throws ReflectiveOperationException {
        ((Runnable) new Loader().loadClass(SizeBetweenScenario.class.getName()).getConstructor().newInstance()).run();
    }
}
