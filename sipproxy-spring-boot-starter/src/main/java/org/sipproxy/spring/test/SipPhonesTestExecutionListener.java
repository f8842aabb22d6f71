package org.sipproxy.spring.test;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.test.context.TestContext;
import org.springframework.test.context.TestContextAnnotationUtils;
import org.springframework.test.context.TestExecutionListener;

/** Closes the phones after each test. */
final class SipPhonesTestExecutionListener implements TestExecutionListener {

    /** True if phones can be used at all: this listener is called for every test of a host with the starter. */
    private static boolean hasPhones(TestContext test) {
        return TestContextAnnotationUtils.hasAnnotation(test.getTestClass(), AutoConfigureSipPhones.class)
                && test.hasApplicationContext();
    }

    @Override
    public void beforeTestMethod(TestContext test) {
        if (hasPhones(test)) {
            phones(test).beforeTest();
        }
    }

    @Override
    public void afterTestMethod(TestContext test) {
        if (!hasPhones(test)) {
            return;
        }
        SipPhones phones = phones(test);
        String drawing = phones.ladder().toString();
        List<String> left = phones.afterTest();
        @Nullable Throwable failure = test.getTestException();
        if (failure != null || !left.isEmpty()) {
            System.err.println(test.getTestMethod().getName() + "\n" + drawing);
        }
        if (failure == null && !left.isEmpty()) {
            throw new AssertionError(test.getTestMethod().getName() + " left calls, requests or complaints behind:\n  "
                    + String.join("\n  ", left));
        }
    }

    private static SipPhones phones(TestContext test) {
        return test.getApplicationContext().getBean(SipPhones.class);
    }
}
