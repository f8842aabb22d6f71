package org.sipproxy.core.internal.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.location.MemoryLocationStore;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.TransactionScene;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.options.ProxySettings;
import org.sipproxy.message.SipText;
import org.sipproxy.message.SipUri;

/**
 * Party on whose behalf a request for a user is sent: a caller at 198.51.100.1, or a phone that registered from
 * 203.0.113.9.
 */
class SenderTest {

    private static final ProxySettings SETTINGS =
            ProxySettings.builder().domains(List.of("sip.test")).build();

    private final TransactionScene scene = new TransactionScene();
    private final LocalNames names = new LocalNames(List.of("sip.test"), List.of(), UserCase.INSENSITIVE);
    private final MemoryLocationStore store = new MemoryLocationStore(scene.time, scene.wheel);
    private final RecordingFlow caller = scene.transport.flow(TransportKind.UDP, "198.51.100.1", 5060);
    private final RecordingFlow phone = scene.transport.flow(TransportKind.UDP, "203.0.113.9", 5060);

    private RequestContext invite(String uri) {
        return new RequestContext(
                SipText.request("""
                        INVITE %s SIP/2.0
                        Via: SIP/2.0/UDP 198.51.100.1;branch=z9hG4bK1
                        From: <sip:x@elsewhere.test>;tag=1
                        To: <sip:bob@sip.test>
                        Call-ID: c
                        CSeq: 1 INVITE

                        """.formatted(uri)),
                caller,
                scene.pathOn(caller),
                names,
                SETTINGS,
                scene.time,
                event -> {});
    }

    private void register(String contact, String... path) {
        Binding binding = Binding.builder("b", SipUri.of(contact))
                .times(scene.clock.currentTimeMillis(), scene.clock.currentTimeMillis() + 60_000)
                .path(Arrays.stream(path).map(SipUri::of).toList())
                .flow(phone)
                .build();
        store.update(Aor.of(SipUri.of("sip:bob@sip.test")), before -> List.of(binding));
    }

    private Sender senderTo(RequestContext context, String hop) throws Exception {
        Outcome outcome = new DetermineTargets(new BindingLookup(store, true), true).run(context);
        Target target = ((Outcome.Relay) outcome).targets().get(0);
        return context.senderTo(SipUri.of(hop), target);
    }

    @Test
    void numericContactWasCheckedWhenItWasRegistered() throws Exception {
        register("sip:bob@10.0.0.5");

        assertThat(senderTo(invite("sip:bob@sip.test"), "sip:bob@10.0.0.5")).isEqualTo(Sender.HOST);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip:bob@phone.example", "sip:bob@203.0.113.9;maddr=phone.example"})
    void nameIsResolvedForTheClientThatRegisteredIt(String contact) throws Exception {
        register(contact);

        assertThat(senderTo(invite("sip:bob@sip.test"), contact).address())
                .isEqualTo(phone.remoteAddress().getAddress());
    }

    @Test
    void nameInAPathToo() throws Exception {
        register("sip:bob@10.0.0.5", "sip:edge.example;lr");

        assertThat(senderTo(invite("sip:bob@sip.test"), "sip:edge.example;lr").address())
                .isEqualTo(phone.remoteAddress().getAddress());
    }

    @Test
    void requestUriIsTheCallersOwn() throws Exception {
        RequestContext context = invite("sip:x@10.0.0.5");

        assertThat(context.senderTo(SipUri.of("sip:x@10.0.0.5"), Target.of(SipUri.of("sip:x@10.0.0.5")))
                        .address())
                .isEqualTo(new InetSocketAddress("198.51.100.1", 5060).getAddress());
    }

    private RequestContext ofTheHost() {
        ResponsePath toTheHost = new ResponsePath() {
            @Override
            public void send(byte[] wire, SendFailure onFailure) {}

            @Override
            public boolean isReliable() {
                return true;
            }

            @Override
            public boolean isLocal() {
                return true;
            }
        };
        return new RequestContext(SipText.request("""
                        OPTIONS sip:gw@10.0.0.5 SIP/2.0
                        From: <sip:sip.test>;tag=1
                        To: <sip:gw@10.0.0.5>
                        Call-ID: c
                        CSeq: 1 OPTIONS

                        """), caller, toTheHost, names, SETTINGS, scene.time, event -> {});
    }

    @Test
    void requestUriOfTheHostApplicationIsItsOwn() throws Exception {
        SipUri uri = SipUri.of("sip:gw@10.0.0.5");

        assertThat(ofTheHost().senderTo(uri, Target.of(uri))).isEqualTo(Sender.HOST);
    }

    /** Otherwise a 200 whose Contact is an internal address would let the proxy send there. */
    @Test
    void remoteTargetInADialogOfTheProxyIsTheOtherSides() throws Exception {
        RequestContext bye = ofTheHost();
        bye.ownDialog(new RequestContext.OwnDialog(null, Sender.of(phone)));
        SipUri contact = SipUri.of("sip:gw@10.0.0.5");

        assertThat(bye.senderTo(contact, Target.of(contact)).address())
                .isEqualTo(phone.remoteAddress().getAddress());
        assertThat(bye.senderTo(contact, new Target(contact, 1f, List.of(), phone)))
                .isEqualTo(Sender.HOST);
    }

    @Test
    void anotherTargetIsTheHostApplications() throws Exception {
        assertThat(invite("sip:x@sip.test")
                        .senderTo(SipUri.of("sip:x@10.0.0.5"), Target.of(SipUri.of("sip:x@10.0.0.5"))))
                .isEqualTo(Sender.HOST);
    }
}
