package org.sipproxy.testkit.jain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.sip.DialogTerminatedEvent;
import javax.sip.IOExceptionEvent;
import javax.sip.ListeningPoint;
import javax.sip.RequestEvent;
import javax.sip.ResponseEvent;
import javax.sip.SipFactory;
import javax.sip.SipListener;
import javax.sip.SipProvider;
import javax.sip.SipStack;
import javax.sip.TimeoutEvent;
import javax.sip.TransactionTerminatedEvent;
import javax.sip.message.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

/** An application on the JAIN-SIP reference implementation, without log4j on the class path. */
@Timeout(60)
class RiStackLoggerTest {

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.create();

    private static Properties named(String name) {
        Properties properties = new Properties();
        properties.setProperty("javax.sip.STACK_NAME", name);
        return properties;
    }

    private static SipFactory factory() {
        SipFactory factory = SipFactory.getInstance();
        factory.setPathName("gov.nist");
        return factory;
    }

    @Test
    void aStackOfTheApplicationReachesAPhone() throws Exception {
        Phone bob = sip.registeredPhone("bob");
        Properties properties = named("with " + UUID.randomUUID()); // the factory keeps stacks by their names
        properties.setProperty(
                "javax.sip.OUTBOUND_PROXY", "127.0.0.1:" + sip.udp().getPort() + "/udp");
        properties.setProperty("gov.nist.javax.sip.STACK_LOGGER", RiStackLogger.class.getName());
        SipStack stack = factory().createSipStack(properties);
        try {
            Application application = new Application(stack);

            application.sendMessage("sip:bob@sip.test");

            assertThat(application.statuses.poll(10, TimeUnit.SECONDS)).isEqualTo(200);
            bob.awaitRequest("MESSAGE");
        } finally {
            stack.stop();
        }
    }

    @Test
    void aStackWithoutALoggerNeedsLog4j() {
        assertThatThrownBy(() -> factory().createSipStack(named("without")))
                .hasStackTraceContaining("org/apache/log4j/");
    }

    /** User agent client that sends one request. */
    private static final class Application implements SipListener {

        private final BlockingQueue<Integer> statuses = new ArrayBlockingQueue<>(10);
        private final ListeningPoint point;
        private final SipProvider provider;

        Application(SipStack stack) throws Exception {
            point = listen(stack);
            provider = stack.createSipProvider(point);
            provider.addSipListener(this);
            stack.start();
        }

        /** Listens on a free port: the RI refuses port 0. */
        private static ListeningPoint listen(SipStack stack) throws Exception {
            for (int attempt = 1; ; attempt++) {
                int port;
                try (java.net.DatagramSocket probe =
                        new java.net.DatagramSocket(0, java.net.InetAddress.getLoopbackAddress())) {
                    port = probe.getLocalPort();
                }
                try {
                    return stack.createListeningPoint("127.0.0.1", port, "udp");
                } catch (Exception e) {
                    if (attempt == 10) {
                        throw e;
                    }
                }
            }
        }

        void sendMessage(String uri) throws Exception {
            SipFactory factory = SipFactory.getInstance();
            var addresses = factory.createAddressFactory();
            var headers = factory.createHeaderFactory();
            var target = addresses.createURI(uri);
            Request request = factory.createMessageFactory()
                    .createRequest(
                            target,
                            Request.MESSAGE,
                            provider.getNewCallId(),
                            headers.createCSeqHeader(1L, Request.MESSAGE),
                            headers.createFromHeader(addresses.createAddress("sip:app@sip.test"), "1"),
                            headers.createToHeader(addresses.createAddress(target), null),
                            List.of(headers.createViaHeader("127.0.0.1", point.getPort(), "udp", null)),
                            headers.createMaxForwardsHeader(70));
            provider.getNewClientTransaction(request).sendRequest();
        }

        @Override
        public void processResponse(ResponseEvent event) {
            statuses.add(event.getResponse().getStatusCode());
        }

        @Override
        public void processRequest(RequestEvent event) {}

        @Override
        public void processTimeout(TimeoutEvent event) {}

        @Override
        public void processIOException(IOExceptionEvent event) {}

        @Override
        public void processTransactionTerminated(TransactionTerminatedEvent event) {}

        @Override
        public void processDialogTerminated(DialogTerminatedEvent event) {}
    }
}
