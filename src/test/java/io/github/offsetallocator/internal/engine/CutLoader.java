package io.github.offsetallocator.internal.engine;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;

/// Loads the internal packages once more, with a call of [Cut#afterStore()] after each store to a segment.
class CutLoader extends ChangingLoader {
    private static final Set<String> STORES = Set.of("set", "setAtIndex", "fill", "copy", "copyFrom",
            "setVolatile", "setRelease", "setOpaque", "compareAndSet", "getAndAdd", "getAndSet", "getAndBitwiseOr", "getAndBitwiseAnd");
    private static final Set<String> OWNERS = Set.of("java/lang/foreign/MemorySegment", "java/lang/invoke/VarHandle");

    private final CodeTransform cutAfterStores;
    private int stores;

    CutLoader() {
        this("io.github.offsetallocator.internal.", Cut.class);
    }

    /// @param prefix as in [ChangingLoader]
    /// @param hook   what has the method to be called
    CutLoader(String prefix, Class<?> hook) {
        super(prefix);
        ClassDesc called = ClassDesc.of(hook.getName());
        cutAfterStores = (code, element) -> {
            code.with(element);
            if (element instanceof InvokeInstruction call && isStore(call)) {
                code.invokestatic(called, "afterStore", MethodTypeDesc.of(ConstantDescs.CD_void));
            }
        };
    }

    private static boolean isStore(InvokeInstruction call) {
        return OWNERS.contains(call.owner().asInternalName()) && STORES.contains(call.name().stringValue());
    }

    /// How many places that store were found.
    int stores() {
        return stores;
    }

    @Override
    byte[] changed(String name, byte[] bytes) {
        ClassFile files = ClassFile.of();
        var model = files.parse(bytes);
        for (var method : model.methods()) {
            method.code().ifPresent(code -> code.forEach(element -> stores += element instanceof InvokeInstruction call && isStore(call) ? 1 : 0));
        }
        return files.transformClass(model, ClassTransform.transformingMethodBodies(cutAfterStores));
    }
}
