package org.sipproxy.server.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.message.Method;

@Timeout(60)
class FirstRegistrationTest {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.empty();

    private final StringWriter text = new StringWriter();

    @Test
    void twoPhonesRegisterAndCallAndEveryMessageIsDrawnInOrder() {
        boolean complete;
        try (FirstRegistration demo = new FirstRegistration(anyPort(), new PrintWriter(text), Optional.empty())) {
            complete = demo.play();
        }

        assertThat(complete).as(text.toString()).isTrue();
        assertThat(arrows())
                .containsSubsequence("REGISTER", "401 Unauthorized", "REGISTER", "200 OK")
                .containsSubsequence(
                        "INVITE", "INVITE", "180 Ringing", "180 Ringing", "200 OK", "ACK", "BYE", "200 OK");
        assertThat(text.toString())
                .containsPattern("sip:1001@sip.test +sip:1001@127.0.0.1:\\d+ +3[56]\\d\\d s  \\S+@127.0.0.1");
    }

    @Test
    void withADatabaseItPrintsTheStatementsAndRows() {
        boolean complete;
        try (FirstRegistration demo =
                new FirstRegistration(anyPort(), new PrintWriter(text), Optional.of(POSTGRES.dataSource()))) {
            complete = demo.play();
        }

        assertThat(complete).as(text.toString()).isTrue();
        assertThat(text.toString())
                .containsPattern("SELECT .*ha1.* FROM subscriber")
                .containsPattern("INSERT INTO location")
                .containsPattern("  1001 \\| sip.test \\| [0-9a-f]{32} \\| *\n")
                .containsPattern("  1002 \\| sip.test \\| sip:1002@127.0.0.1:\\d+ \\| 20");
    }

    @Test
    void twoDemosRunInOneJvm() {
        try (FirstRegistration one = new FirstRegistration(anyPort(), new PrintWriter(text), Optional.empty());
                FirstRegistration other = new FirstRegistration(anyPort(), new PrintWriter(text), Optional.empty())) {
            assertThat(one.play()).as(text.toString()).isTrue();
            assertThat(other.play()).as(text.toString()).isTrue();
        }
    }

    @Test
    void yourPhoneGetsTheFourValuesAsTheyAreBound() {
        try (FirstRegistration demo = new FirstRegistration(anyPort(), new PrintWriter(text), Optional.empty())) {
            demo.printYourPhone();
        }

        assertThat(text.toString())
                .containsPattern("server +127\\.0\\.0\\.1:[1-9]\\d* \\(UDP\\)")
                .containsPattern("user +1003")
                .containsPattern("password +\\S+")
                .containsPattern("domain +sip.test");
    }

    @Test
    void aRefusedCallMakesTheDemoIncompleteAndIsReported() {
        boolean complete;
        try (FirstRegistration demo = new FirstRegistration(
                anyPort(),
                new PrintWriter(text),
                Optional.empty(),
                builder -> builder.beforeRouting(FirstRegistrationTest::busy))) {
            complete = demo.play();
        }

        assertThat(complete).isFalse();
        assertThat(text.toString())
                .contains("missing: 1002: INVITE got 486 Busy Here")
                .contains("missing: proxy -> 1001: INVITE")
                .doesNotContain("missing: 1002 -> proxy: INVITE");
    }

    private static Verdict busy(StageContext context) {
        return context.request().method().equals(Method.INVITE) ? Verdict.respond(486) : Verdict.proceed();
    }

    private static List<Endpoint> anyPort() {
        return List.of(Endpoint.udp("127.0.0.1", 0));
    }

    /** Returns the labels of the ladder, from top to bottom. */
    private List<String> arrows() {
        return text.toString()
                .lines()
                .filter(line -> line.contains(" ms ") && line.contains("--"))
                .map(line -> line.replaceAll("^[^|]*[ |]+(-- |<- )", "").replaceAll(" -+(>|-)? *\\|.*", ""))
                .toList();
    }
}
