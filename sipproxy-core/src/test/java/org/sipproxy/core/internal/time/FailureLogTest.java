package org.sipproxy.core.internal.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Proxy;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.helpers.MessageFormatter;

class FailureLogTest {

    private final List<String> lines = new ArrayList<>();
    private final Logger log = (Logger) Proxy.newProxyInstance(
            getClass().getClassLoader(), new Class<?>[] {Logger.class}, (self, method, arguments) -> {
                lines.add(method.getName() + " " + text(arguments));
                return null;
            });

    /** Returns what a logging backend prints. */
    private static String text(Object[] arguments) {
        Object[] values = (Object[]) arguments[1];
        var formatted = MessageFormatter.arrayFormat((String) arguments[0], values);
        StringWriter text = new StringWriter();
        text.append(formatted.getMessage()).append('\n');
        if (formatted.getThrowable() != null) {
            formatted.getThrowable().printStackTrace(new PrintWriter(text, true));
        }
        return text.toString();
    }

    private static final class CrmException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        CrmException(Throwable cause) {
            super("no \"owner\" of 1001", cause);
        }
    }

    private static Throwable failure() {
        return new CrmException(new SQLException("password authentication failed for user crm"));
    }

    @Test
    void exceptionOfTheHostKeepsItsTypeMessageAndCauses() {
        new FailureLog().error(log, "stage crm failed", failure());

        assertThat(lines).hasSize(1);
        assertThat(lines.get(0))
                .startsWith("error stage crm failed")
                .contains("CrmException: no \"owner\" of 1001")
                .contains("Caused by: java.sql.SQLException: password authentication failed for user crm")
                .contains("at " + getClass().getName());
    }

    @Test
    void outageIsOneLineWithItsCauses() {
        new FailureLog().warn(log, "location store failed", failure());

        assertThat(lines.get(0))
                .startsWith("warn location store failed: ")
                .contains("CrmException", "password authentication failed for user crm")
                .doesNotContain("\tat ");
    }

    @Test
    void furtherLinesWithinTheIntervalAreCountedOnly() {
        FailureLog failures = new FailureLog(java.time.Duration.ofHours(1));

        for (int i = 0; i < 3; i++) {
            failures.error(log, "stage crm failed", failure());
        }

        assertThat(lines).hasSize(1);
    }

    @Test
    void anotherDefectOfTheSameStageIsNotHiddenByAFrequentOne() {
        FailureLog failures = new FailureLog(java.time.Duration.ofHours(1));

        failures.error(log, "stage crm failed", new IllegalStateException("each time"));
        failures.error(log, "stage crm failed", new IllegalStateException("each time"));
        failures.error(log, "stage crm failed", new StackOverflowError("rarely"));
        failures.error(log, "stage crm failed", new StackOverflowError("rarely"));

        assertThat(lines).hasSize(2);
    }

    @Test
    void exceptionWhoseMessageCannotBeReadIsNamed() {
        RuntimeException broken = new RuntimeException() {
            private static final long serialVersionUID = 1L;

            @Override
            public String getMessage() {
                throw new IllegalStateException("of the test");
            }
        };

        new FailureLog().error(log, "stage crm failed", broken);
        new FailureLog().warn(log, "location store failed", broken);

        assertThat(lines)
                .anySatisfy(line -> assertThat(line)
                        .startsWith(
                                "error stage crm failed: " + broken.getClass().getName()
                                        + ", which cannot be printed: java.lang.IllegalStateException"))
                .anySatisfy(line -> assertThat(line).startsWith("error location store failed: "));
    }
}
