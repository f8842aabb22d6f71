package org.sipproxy.jdbc;

import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.call.CallParty;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** Accounting without a proxy: a test passes the completed requests. The proxy is sip.test. */
final class AccountingScene implements AutoCloseable {

    static final Instant NOON = Instant.parse("2026-06-01T12:00:00Z");

    private static final Flow FLOW = new Flow() {
        @Override
        public TransportKind kind() {
            return TransportKind.UDP;
        }

        @Override
        public Endpoint endpoint() {
            return Endpoint.udp("127.0.0.1", 5060);
        }

        @Override
        public InetSocketAddress remoteAddress() {
            return new InetSocketAddress("192.0.2.7", 5060);
        }

        @Override
        public boolean isOpen() {
            return true;
        }
    };

    private static final ThreadLocal<Instant> EVENT_TIME = new ThreadLocal<>();

    private final JdbcAccounting accounting;
    private RequestListener listener;
    private CallListener callListener;
    private volatile Instant now = NOON;
    private volatile Duration stepped = Duration.ZERO;

    private AccountingScene(JdbcAccounting accounting) {
        this.accounting = accounting;
    }

    static AccountingScene start(JdbcAccounting.Builder options) {
        return start(options, NOON);
    }

    static AccountingScene start(JdbcAccounting.Builder options, Instant at) {
        AccountingScene scene = new AccountingScene(options.build());
        scene.now = at;
        scene.accounting.install(
                (ComponentHooks) fake(ComponentHooks.class, (name, arguments) -> scene.keep(arguments[0])));
        scene.accounting.start((ProxyRuntime) fake(ProxyRuntime.class, (name, arguments) -> switch (name) {
            case "now" -> Objects.requireNonNullElse(EVENT_TIME.get(), scene.now);
            case "wallClock" -> scene.now.plus(scene.stepped);
            case "newThread" -> ThreadSource.DAEMONS.newThread((String) arguments[0], (Runnable) arguments[1]);
            case "publish" -> true; // its result is void
            default -> ((SipUri) arguments[0]).hostIs("sip.test");
        }));
        return scene;
    }

    /** Keeps a listener that the accounting registers. */
    private Object keep(Object hook) {
        if (hook instanceof CallListener calls) {
            callListener = calls;
        } else {
            listener = (RequestListener) hook;
        }
        return hook;
    }

    private interface Answer {
        Object to(String method, Object[] arguments);
    }

    private static Object fake(Class<?> type, Answer answer) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (self, method, arguments) -> {
            Object result = answer.to(method.getName(), arguments);
            return method.getReturnType() == void.class ? null : result;
        });
    }

    JdbcAccounting accounting() {
        return accounting;
    }

    AccountingStatus status() {
        return accounting.status();
    }

    /** Completes a request at the time of the event. */
    void completed(CompletedRequest request) {
        EVENT_TIME.set(request.completedAt().minus(stepped));
        try {
            listener.onCompleted(request);
        } finally {
            EVENT_TIME.remove();
        }
    }

    /** Ends a call of {@link #invite}, with tags a and b. */
    void ended(String callId, CallEnd.Reason reason, Duration duration) {
        Instant end = NOON.plus(duration);
        CallParty caller = (CallParty) fake(CallParty.class, (name, arguments) -> "a");
        CallParty callee = (CallParty) fake(CallParty.class, (name, arguments) -> "b");
        callListener.onCall(new CallEvent(CallEvent.Kind.ENDED, (Call) fake(
                Call.class, (name, arguments) -> switch (name) {
                    case "callId" -> callId;
                    case "caller" -> caller;
                    case "callee" -> callee;
                    case "duration" -> duration;
                    case "answeredAt" -> Optional.of(NOON);
                    case "endedAt" -> Optional.of(end);
                    case "end" -> Optional.of(new CallEnd(CallEnd.Side.PROXY, reason, 0, ""));
                    default -> throw new UnsupportedOperationException(name);
                })));
    }

    /** Advances both clocks. */
    void advance(Duration by) {
        now = now.plus(by);
    }

    void stepWallClock(Duration by) {
        stepped = stepped.plus(by);
    }

    Instant wallClock() {
        return now.plus(stepped);
    }

    @Override
    public void close() {
        accounting.close();
    }

    /** Completed request, with the parts that matter to a test. */
    static Done invite(String callId) {
        return new Done("INVITE", callId);
    }

    static Done bye(String callId) {
        return new Done("BYE", callId);
    }

    static final class Done {

        private final String method;
        private final String callId;
        private String fromTag = "a";
        private String requestToTag = "";
        private String uri = "sip:bob@sip.test";
        private int status = 200;
        private String reason = "OK";
        private String toTag = "b";
        private Instant at = NOON;
        private boolean relayed = true;

        private Done(String method, String callId) {
            this.method = method;
            this.callId = callId;
            if (method.equals("BYE")) {
                requestToTag = "b";
            }
        }

        Done fromTag(String value) {
            fromTag = value;
            return this;
        }

        Done insideDialog(String value) {
            requestToTag = value;
            toTag = value;
            return this;
        }

        Done toTag(String value) {
            toTag = value;
            return this;
        }

        Done uri(String value) {
            uri = value;
            return this;
        }

        Done answered(int value, String phrase) {
            status = value;
            reason = phrase;
            return this;
        }

        Done at(Instant value) {
            at = value;
            return this;
        }

        Done notRelayed() {
            relayed = false;
            return this;
        }

        CompletedRequest build() {
            String text = method + " " + uri + " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n"
                    + "From: \"Alice\" <sip:alice@sip.test>;tag=" + fromTag + "\r\nTo: <sip:%62ob@sip.test>"
                    + (requestToTag.isEmpty() ? "" : ";tag=" + requestToTag)
                    + "\r\nCall-ID: " + callId + "\r\nCSeq: 1 " + method + "\r\nContent-Length: 0\r\n\r\n";
            try {
                return new CompletedRequest(
                        (SipRequest) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT),
                        FLOW,
                        status,
                        reason,
                        toTag,
                        at,
                        at,
                        relayed ? List.of(Target.of(SipUri.of("sip:phone@198.51.100.9:5070"))) : List.of(),
                        Optional.empty());
            } catch (SipParseException e) {
                throw new IllegalArgumentException(e);
            }
        }
    }
}
