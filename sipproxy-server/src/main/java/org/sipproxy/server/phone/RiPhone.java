package org.sipproxy.server.phone;

import gov.nist.javax.sip.EventScanner;
import gov.nist.javax.sip.EventWrapper;
import gov.nist.javax.sip.SipStackImpl;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.text.ParseException;
import java.time.Duration;
import java.util.EventObject;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.TooManyListenersException;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sip.ClientTransaction;
import javax.sip.Dialog;
import javax.sip.DialogTerminatedEvent;
import javax.sip.IOExceptionEvent;
import javax.sip.InvalidArgumentException;
import javax.sip.ListeningPoint;
import javax.sip.RequestEvent;
import javax.sip.ResponseEvent;
import javax.sip.SipException;
import javax.sip.SipFactory;
import javax.sip.SipListener;
import javax.sip.SipProvider;
import javax.sip.SipStack;
import javax.sip.TimeoutEvent;
import javax.sip.TransactionTerminatedEvent;
import javax.sip.address.AddressFactory;
import javax.sip.address.SipURI;
import javax.sip.header.CallIdHeader;
import javax.sip.header.ContactHeader;
import javax.sip.header.HeaderFactory;
import javax.sip.header.ViaHeader;
import javax.sip.message.MessageFactory;
import javax.sip.message.Request;
import javax.sip.message.Response;
import org.sipproxy.message.HostName;
import org.sipproxy.message.jain.SilentStackLogger;

/**
 * Softphone without sound on the JAIN-SIP reference implementation (RI), over UDP. It registers, calls, hangs up, and
 * answers every incoming call: 180 at once, 200 after its ring time.
 *
 * <p>Methods that send a request wait for the final response, at most for the {@code patience} of {@link #open}. Each
 * phone has its own stack; a JVM may have many. Not thread-safe.
 */
public final class RiPhone implements AutoCloseable {

    private static final AtomicInteger STACKS = new AtomicInteger();

    private final Account account;
    private final Duration patience;
    private final SipStack stack;
    private final ListeningPoint listeningPoint;
    private final SipProvider provider;
    private final AddressFactory addresses;
    private final HeaderFactory headers;
    private final MessageFactory messages;
    private final Answering answering;
    private final CallIdHeader registrationCallId;
    private final String registrationTag = newTag();
    private long registrationCSeq;

    /**
     * Opens a phone on a free UDP port.
     *
     * @param account the account of the phone
     * @param host the address of this machine to use
     * @param proxy the next hop of requests without a Route set
     * @param ringTime how long the phone rings before it answers a call
     * @param patience how long the phone waits for the final response to a request
     * @throws PhoneException if the stack cannot be started
     */
    public static RiPhone open(
            Account account, InetAddress host, InetSocketAddress proxy, Duration ringTime, Duration patience)
            throws PhoneException {
        Objects.requireNonNull(account, "account");
        try {
            SipFactory factory = SipFactory.getInstance();
            factory.setPathName("gov.nist");
            SipStack stack = factory.createSipStack(stackProperties(account, proxy));
            try {
                return new RiPhone(account, host, ringTime, patience, factory, stack);
            } catch (SipException
                    | InvalidArgumentException
                    | TooManyListenersException
                    | ParseException
                    | IOException e) {
                stack.stop();
                throw e;
            }
        } catch (SipException | InvalidArgumentException | TooManyListenersException | ParseException | IOException e) {
            throw new PhoneException(account.user() + ": no phone on " + HostName.literal(host), e);
        }
    }

    private RiPhone(
            Account account, InetAddress host, Duration ringTime, Duration patience, SipFactory factory, SipStack stack)
            throws SipException, InvalidArgumentException, TooManyListenersException, ParseException, IOException {
        this.account = account;
        this.patience = patience;
        this.stack = stack;
        this.addresses = factory.createAddressFactory();
        this.headers = factory.createHeaderFactory();
        this.messages = factory.createMessageFactory();
        this.listeningPoint = listen(stack, host);
        this.provider = stack.createSipProvider(listeningPoint);
        this.registrationCallId = provider.getNewCallId();
        this.answering = new Answering(account.user(), ringTime, provider, messages, headers, this::contact);
        provider.addSipListener(new Events());
        stack.start();
    }

    private static Properties stackProperties(Account account, InetSocketAddress proxy) {
        Properties properties = new Properties();
        // The factory returns the same stack for the same name, even a stopped one: the number makes the name unique.
        properties.setProperty("javax.sip.STACK_NAME", "phone-" + account.user() + "-" + STACKS.incrementAndGet());
        properties.setProperty(
                "javax.sip.OUTBOUND_PROXY", proxy.getAddress().getHostAddress() + ":" + proxy.getPort() + "/udp");
        properties.setProperty("gov.nist.javax.sip.STACK_LOGGER", SilentStackLogger.class.getName());
        properties.setProperty("gov.nist.javax.sip.SERVER_LOGGER", RiMessageLogger.class.getName());
        return properties;
    }

    /**
     * Opens a stack on a free port. The RI refuses port 0, so a free port is chosen before, which another program may
     * take first.
     */
    private static ListeningPoint listen(SipStack stack, InetAddress host)
            throws InvalidArgumentException, IOException, SipException {
        for (int attempt = 1; ; attempt++) {
            int port;
            try (DatagramSocket probe = new DatagramSocket(0, host)) {
                port = probe.getLocalPort();
            }
            try {
                return stack.createListeningPoint(host.getHostAddress(), port, ListeningPoint.UDP);
            } catch (InvalidArgumentException | SipException e) {
                if (attempt == 5) {
                    throw e;
                }
            }
        }
    }

    /** Returns the account of the phone. */
    public Account account() {
        return account;
    }

    /** Returns the address that the phone listens on. */
    public InetSocketAddress address() {
        return new InetSocketAddress(listeningPoint.getIPAddress(), listeningPoint.getPort());
    }

    /**
     * Registers the phone, with credentials after a challenge.
     *
     * @param expires the requested lifetime, in whole seconds
     * @throws PhoneException if the REGISTER is refused or gets no response
     */
    public void register(Duration expires) throws PhoneException {
        askWithProof(Request.REGISTER, attempt -> {
            Request request = newRequest(
                    Request.REGISTER,
                    "sip:" + account.domain(),
                    account.address(),
                    registrationCallId,
                    ++registrationCSeq,
                    registrationTag);
            request.addHeader(contact());
            request.addHeader(headers.createExpiresHeader((int) expires.toSeconds()));
            return request;
        });
    }

    /**
     * Calls a user of the phone's own domain and waits until the call is answered.
     *
     * @throws PhoneException if the INVITE is refused or gets no final response
     */
    public Call call(String user) throws PhoneException {
        CallIdHeader callId = provider.getNewCallId();
        String callee = "sip:" + user + "@" + account.domain();
        String tag = newTag();
        Exchange answered = askWithProof(Request.INVITE, attempt -> {
            Request request = newRequest(Request.INVITE, callee, callee, callId, attempt, tag);
            request.addHeader(contact());
            request.setContent(
                    Answering.silence(listeningPoint.getIPAddress()),
                    headers.createContentTypeHeader("application", "sdp"));
            return request;
        });
        try {
            Dialog dialog = answered.dialog();
            dialog.sendAck(dialog.createAck(answered.cseq()));
            return new Call(this, dialog, answered.rang());
        } catch (SipException | InvalidArgumentException e) {
            throw failure("ACK was not sent", e);
        }
    }

    void hangUp(Dialog dialog) throws PhoneException {
        try {
            ClientTransaction transaction = provider.getNewClientTransaction(dialog.createRequest(Request.BYE));
            Exchange exchange = Exchange.on(transaction);
            dialog.sendRequest(transaction);
            requireSuccess(Request.BYE, exchange.await(patience));
        } catch (SipException e) {
            throw failure("BYE was not sent", e);
        }
    }

    /**
     * Sends a request. After a challenge it is sent once more, as a new request with a higher CSeq (RFC 3261 §22.2).
     */
    private Exchange askWithProof(String method, RequestMaker maker) throws PhoneException {
        try {
            Exchange exchange = Exchange.on(provider.getNewClientTransaction(maker.make(1)));
            exchange.send();
            Response response = exchange.await(patience);
            if (response.getStatusCode() == Response.UNAUTHORIZED
                    || response.getStatusCode() == Response.PROXY_AUTHENTICATION_REQUIRED) {
                Request again = maker.make(2);
                DigestAnswer.addTo(again, response, account, headers);
                exchange = Exchange.on(provider.getNewClientTransaction(again));
                exchange.send();
                response = exchange.await(patience);
            }
            requireSuccess(method, response);
            return exchange;
        } catch (SipException | InvalidArgumentException | ParseException e) {
            throw failure(method + " was not sent", e);
        }
    }

    private void requireSuccess(String method, Response response) throws PhoneException {
        if (response.getStatusCode() >= 300) {
            throw new PhoneException(account.user() + ": " + method + " got " + response.getStatusCode() + " "
                    + response.getReasonPhrase());
        }
    }

    private PhoneException failure(String what, Exception cause) {
        return new PhoneException(account.user() + ": " + what, cause);
    }

    private Request newRequest(String method, String uri, String to, CallIdHeader callId, long cseq, String fromTag)
            throws ParseException, InvalidArgumentException {
        ViaHeader via = headers.createViaHeader(
                listeningPoint.getIPAddress(), listeningPoint.getPort(), ListeningPoint.UDP, null);
        via.setRPort();
        return messages.createRequest(
                addresses.createURI(uri),
                method,
                callId,
                headers.createCSeqHeader(cseq, method),
                headers.createFromHeader(addresses.createAddress(account.address()), fromTag),
                headers.createToHeader(addresses.createAddress(to), null),
                List.of(via),
                headers.createMaxForwardsHeader(70));
    }

    private ContactHeader contact() throws ParseException {
        SipURI uri = addresses.createSipURI(account.user(), listeningPoint.getIPAddress());
        uri.setPort(listeningPoint.getPort());
        return headers.createContactHeader(addresses.createAddress(uri));
    }

    static String newTag() {
        return UUID.randomUUID().toString().substring(0, 8);
    }

    /** Stops the stack at once, without unregistering. */
    @Override
    public void close() {
        answering.close();
        EventScanner scanner = ((SipStackImpl) stack).getEventScanner();
        stack.stop();
        // stop() does not wake the RI's event thread, which is not a daemon and would keep the JVM running
        scanner.addEvent(new EventWrapper(new EventObject(provider), null));
    }

    /** Creates the request of one attempt. */
    @FunctionalInterface
    private interface RequestMaker {
        Request make(int attempt) throws ParseException, InvalidArgumentException;
    }

    /** Listener of the stack; called on its threads. */
    private final class Events implements SipListener {

        @Override
        public void processRequest(RequestEvent event) {
            answering.accept(event);
        }

        @Override
        public void processResponse(ResponseEvent event) {
            Exchange.of(event.getClientTransaction()).ifPresent(exchange -> exchange.received(event.getResponse()));
        }

        @Override
        public void processTimeout(TimeoutEvent event) {
            Exchange.of(event.getClientTransaction()).ifPresent(Exchange::timedOut);
        }

        /** Does nothing: the transaction times out. */
        @Override
        public void processIOException(IOExceptionEvent event) {}

        @Override
        public void processTransactionTerminated(TransactionTerminatedEvent event) {}

        @Override
        public void processDialogTerminated(DialogTerminatedEvent event) {}
    }
}
