package io.github.offsetallocator.examples.cuda;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class CudaTest {
    @Test
    void slicesGoToTheDeviceAndBack() {
        try {
            CudaExample.run();
        } catch (NoCudaException e) {
            System.out.println("CUDA test skipped: " + e.getMessage());
            Assumptions.abort(e.getMessage());
        }
    }
}
