package org.sipproxy.server.phone;

import java.nio.charset.StandardCharsets;
import java.text.ParseException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sip.InvalidArgumentException;
import javax.sip.RequestEvent;
import javax.sip.ServerTransaction;
import javax.sip.SipException;
import javax.sip.SipProvider;
import javax.sip.header.ContactHeader;
import javax.sip.header.HeaderFactory;
import javax.sip.header.ToHeader;
import javax.sip.header.ViaHeader;
import javax.sip.message.MessageFactory;
import javax.sip.message.Request;
import javax.sip.message.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Callee side of a phone. Runs on the threads of the stack and on the ringer thread. */
final class Answering implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Answering.class);

    /** Supplier of the phone's Contact. */
    @FunctionalInterface
    interface ContactSource {
        ContactHeader contact() throws ParseException;
    }

    private final Duration ringTime;
    private final SipProvider provider;
    private final MessageFactory messages;
    private final HeaderFactory headers;
    private final ContactSource contacts;
    private final ScheduledExecutorService ringer;
    /** INVITEs without a final response, by branch. The thread that removes an INVITE responds to it. */
    private final Map<String, ServerTransaction> ringing = new ConcurrentHashMap<>();

    Answering(
            String user,
            Duration ringTime,
            SipProvider provider,
            MessageFactory messages,
            HeaderFactory headers,
            ContactSource contacts) {
        this.ringTime = ringTime;
        this.provider = provider;
        this.messages = messages;
        this.headers = headers;
        this.contacts = contacts;
        this.ringer = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "ringer-" + user);
            thread.setDaemon(true);
            return thread;
        });
    }

    void accept(RequestEvent event) {
        Request request = event.getRequest();
        try {
            switch (request.getMethod()) {
                case Request.INVITE -> ring(transactionOf(event), request);
                case Request.CANCEL -> cancel(transactionOf(event), request);
                case Request.ACK -> {}
                case Request.BYE, Request.OPTIONS, Request.MESSAGE, Request.INFO ->
                    answer(transactionOf(event), request, Response.OK);
                default -> answer(transactionOf(event), request, Response.NOT_IMPLEMENTED);
            }
        } catch (SipException | InvalidArgumentException | ParseException e) {
            LOG.warn("phone: sending the response to {} failed: {}", request.getMethod(), e.getMessage());
        }
    }

    private ServerTransaction transactionOf(RequestEvent event) throws SipException {
        ServerTransaction known = event.getServerTransaction();
        return known != null ? known : provider.getNewServerTransaction(event.getRequest());
    }

    private void ring(ServerTransaction transaction, Request request)
            throws SipException, InvalidArgumentException, ParseException {
        String tag = RiPhone.newTag();
        ringing.put(branchOf(request), transaction);
        Response response = messages.createResponse(Response.RINGING, request);
        ((ToHeader) response.getHeader(ToHeader.NAME)).setTag(tag);
        response.addHeader(contacts.contact());
        transaction.sendResponse(response);
        var unused = ringer.schedule(() -> pickUp(request, tag), ringTime.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void pickUp(Request request, String tag) {
        ServerTransaction transaction = ringing.remove(branchOf(request));
        if (transaction == null) {
            return; // cancelled meanwhile
        }
        try {
            ContactHeader contact = contacts.contact();
            Response response = messages.createResponse(Response.OK, request);
            ((ToHeader) response.getHeader(ToHeader.NAME)).setTag(tag);
            response.addHeader(contact);
            response.setContent(silence(hostOf(contact)), headers.createContentTypeHeader("application", "sdp"));
            transaction.sendResponse(response);
        } catch (SipException | InvalidArgumentException | ParseException e) {
            LOG.warn("phone: answering the call failed: {}", e.getMessage());
        }
    }

    private void cancel(ServerTransaction cancel, Request request)
            throws SipException, InvalidArgumentException, ParseException {
        answer(cancel, request, Response.OK);
        ServerTransaction invite = ringing.remove(branchOf(request));
        if (invite != null) {
            answer(invite, invite.getRequest(), Response.REQUEST_TERMINATED);
        }
    }

    private void answer(ServerTransaction transaction, Request request, int status)
            throws SipException, InvalidArgumentException, ParseException {
        transaction.sendResponse(messages.createResponse(status, request));
    }

    /** Ends the INVITE of a CANCEL, which has the same branch (RFC 3261 §9.1). */
    private static String branchOf(Request request) {
        return ((ViaHeader) request.getHeader(ViaHeader.NAME)).getBranch();
    }

    private static String hostOf(ContactHeader contact) {
        return ((javax.sip.address.SipURI) contact.getAddress().getURI()).getHost();
    }

    /** Returns a session description of a phone that neither sends nor receives media. */
    static byte[] silence(String host) {
        return """
        v=0
        o=- 1 1 IN IP4 %1$s
        s=-
        c=IN IP4 %1$s
        t=0 0
        m=audio 9 RTP/AVP 0
        a=inactive
        """.formatted(host).replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        ringer.shutdownNow();
    }
}
