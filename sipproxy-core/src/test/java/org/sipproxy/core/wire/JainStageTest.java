package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.sip.SipFactory;
import javax.sip.address.SipURI;
import javax.sip.header.FromHeader;
import javax.sip.header.HeaderFactory;
import javax.sip.header.SubjectHeader;
import javax.sip.message.Request;
import javax.sip.message.Response;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;

/** The javax.sip view of a stage: when its edits take effect, and what ends it. */
class JainStageTest {

    private static final HeaderName SCREENED = HeaderName.of("X-Screened");

    private final HeaderFactory headers;

    JainStageTest() throws Exception {
        headers = SipFactory.getInstance().createHeaderFactory();
    }

    private static ProxyUnderTest with(RequestStage... stages) {
        return ProxyUnderTest.start(b -> {
            for (RequestStage stage : stages) {
                b.beforeRouting(stage);
            }
            return b;
        });
    }

    private static WireMessage relayed(ProxyUnderTest proxy) {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        return bob.awaitRequest("MESSAGE");
    }

    @Test
    void editsAndChangesOfTypedHeadersAreForwarded() {
        RequestStage edit = context -> {
            Request request = context.jain();
            request.addHeader(headers.createHeader("X-Screened", "yes"));
            ((FromHeader) request.getHeader("From")).getAddress().setDisplayName("Screened");
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = with(edit)) {
            WireMessage atBob = relayed(proxy);

            assertThat(atBob.header("X-Screened")).isEqualTo("yes");
            assertThat(atBob.header("From")).startsWith("\"Screened\" <sip:alice@");
        }
    }

    @Test
    void editsAreSeenByTheStageItselfAndByTheNext() {
        List<String> seen = new CopyOnWriteArrayList<>();
        RequestStage edit = context -> {
            if (context.request().method().name().equals("MESSAGE")) {
                context.jain().addHeader(headers.createHeader("X-Screened", "first"));
                seen.add(context.request().header(SCREENED).orElse("none"));
                context.jain().setHeader(headers.createHeader("X-Screened", "second"));
            }
            return Verdict.proceed();
        };
        RequestStage next = context -> {
            if (context.request().method().name().equals("MESSAGE")) {
                seen.add(context.request().header(SCREENED).orElse("none"));
            }
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = with(edit, next)) {
            relayed(proxy);

            assertThat(seen).containsExactly("first", "second");
        }
    }

    @Test
    void replacedRequestEndsTheView() {
        RequestStage edit = context -> {
            Request view = context.jain();
            context.replace(context.request().withHeader(SCREENED, "replaced"));
            view.setHeader(headers.createHeader("X-Screened", "too late"));
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = with(edit)) {
            assertThat(relayed(proxy).header("X-Screened")).isEqualTo("replaced");
        }
    }

    @Test
    void viewThatAStageHasKeptHasNoEffectLater() {
        List<Request> kept = new CopyOnWriteArrayList<>();
        RequestStage keep = context -> {
            kept.add(context.jain());
            return Verdict.proceed();
        };
        RequestStage edit = context -> {
            kept.get(kept.size() - 1).addHeader(headers.createHeader("X-Screened", "late"));
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = with(keep, edit)) {
            assertThat(relayed(proxy).toString()).doesNotContain("X-Screened");
        }
    }

    @Test
    void requestUriThatWasSetIsRouted() {
        RequestStage edit = context -> {
            if (context.request().method().name().equals("MESSAGE")) {
                ((SipURI) context.jain().getRequestURI()).setUser("bob");
            }
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = with(edit)) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");

            alice.send(alice.request("MESSAGE", "sip:carol@sip.test"));

            assertThat(bob.awaitRequest("MESSAGE").uri()).isEqualTo(bob.contact());
        }
    }

    @Test
    void headerThatTheGrammarRefusesIs400() {
        RequestStage read = context -> {
            context.jain().getHeader("Date");
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = with(read)) {
            WireClient.Udp alice = proxy.udp("alice");

            org.sipproxy.core.wire.Request message =
                    alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with("Date: yesterday"));

            assertThat(alice.awaitFinal(message).status()).isEqualTo(400);
        }
    }

    @Test
    void responseIsEditedThroughItsView() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.onResponse(context -> {
            Response response = context.jain();
            response.setReasonPhrase("Fine");
            response.addHeader(headers.createHeader("X-Screened", "yes"));
            if (!context.response().reasonPhrase().equals("Fine")) {
                throw new IllegalStateException("the edit is not seen");
            }
            ((SubjectHeader) response.getHeader("Subject")).setSubject("edited");
        }))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            org.sipproxy.core.wire.Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            bob.respond(bob.awaitRequest("MESSAGE"), 200, "Subject: as sent");

            WireMessage ok = alice.awaitResponse(message, 200);
            assertThat(ok.header("X-Screened")).isEqualTo("yes");
            assertThat(ok.header("Subject")).isEqualTo("edited");
        }
    }

    @Test
    void halfAnEditOfAStageThatFailsIsDropped() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.onResponse(context -> {
            context.jain().addHeader(headers.createHeader("X-Screened", "half"));
            throw new IllegalStateException("of the test");
        }))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            org.sipproxy.core.wire.Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            bob.respond(bob.awaitRequest("MESSAGE"), 200);

            assertThat(alice.awaitResponse(message, 200).toString()).doesNotContain("X-Screened");
        }
    }
}
