package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.testkit.SipProxyExtension;
import org.slf4j.LoggerFactory;

@Timeout(60)
class LogContextTest {

    private static final String STAGE = "host.stage";

    private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();
    private volatile String callId = "";

    private volatile boolean fails;

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .configure(proxy -> proxy.beforeRouting(stage()))
            .build();

    @RegisterExtension
    final SipProxyExtension withContext = SipProxyExtension.builder()
            .configure(proxy -> proxy.logContext(true).beforeRouting(stage()))
            .build();

    @BeforeEach
    void capture() {
        appender.start();
        root.addAppender(appender);
        logger(LoggerNames.REFUSALS).setLevel(Level.INFO);
        logger(STAGE).setLevel(Level.INFO);
    }

    @AfterEach
    void release() {
        root.detachAppender(appender);
        logger(LoggerNames.REFUSALS).setLevel(null);
        logger(STAGE).setLevel(null);
    }

    private static Logger logger(String name) {
        return (Logger) LoggerFactory.getLogger(name);
    }

    private RequestStage stage() {
        return context -> {
            if (context.request().method() != Method.INVITE) {
                return Verdict.proceed();
            }
            callId = context.request().header(HeaderName.CALL_ID).orElseThrow();
            LoggerFactory.getLogger(STAGE).info("seen");
            if (fails) {
                throw new IllegalStateException("broken");
            }
            return Verdict.proceed();
        };
    }

    /** Waits for a line: a refusal is logged after its response was sent. */
    private Map<String, String> contextOf(String loggerName) {
        return await().until(() -> latestOf(loggerName), Optional::isPresent)
                .orElseThrow()
                .getMDCPropertyMap();
    }

    private Optional<ILoggingEvent> latestOf(String loggerName) {
        synchronized (appender) { // as the appender does when it adds one
            return appender.list.stream()
                    .filter(event -> event.getLoggerName().equals(loggerName))
                    .reduce((first, last) -> last);
        }
    }

    @Test
    void aRefusalHasTheCallIdAndTheMethod() {
        sip.phone("1001").call("nobody").awaitStatus(404);

        assertThat(contextOf(LoggerNames.REFUSALS))
                .containsEntry(LoggerNames.MDC_CALL_ID, callId)
                .containsEntry(LoggerNames.MDC_METHOD, "INVITE");
    }

    @Test
    void aFailureOfAStageHasThem() {
        fails = true;
        sip.phone("1001").call("nobody").awaitStatus(500);

        assertThat(contextOf(LoggerNames.HOST)).containsEntry(LoggerNames.MDC_CALL_ID, callId);
    }

    @Test
    void aStageHasThemOnlyIfTheOptionIsSet() {
        sip.phone("1001").call("nobody").awaitStatus(404);
        assertThat(contextOf(STAGE)).doesNotContainKey(LoggerNames.MDC_CALL_ID);

        withContext.phone("1001").call("nobody").awaitStatus(404);
        assertThat(contextOf(STAGE))
                .containsEntry(LoggerNames.MDC_CALL_ID, callId)
                .containsEntry(LoggerNames.MDC_METHOD, "INVITE");
    }
}
