package org.sipproxy.server.phone;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sip.ClientTransaction;
import javax.sip.Dialog;
import javax.sip.SipException;
import javax.sip.header.CSeqHeader;
import javax.sip.message.Request;
import javax.sip.message.Response;
import org.jspecify.annotations.Nullable;

/** Request of a phone and its responses. Written by the threads of the stack, awaited by the thread of the phone. */
final class Exchange {

    private final ClientTransaction transaction;
    private final CompletableFuture<Response> last = new CompletableFuture<>();
    private volatile boolean rang;

    private Exchange(ClientTransaction transaction) {
        this.transaction = transaction;
    }

    /** Creates the exchange of a transaction that has not been sent yet. */
    static Exchange on(ClientTransaction transaction) {
        Exchange exchange = new Exchange(transaction);
        transaction.setApplicationData(exchange);
        return exchange;
    }

    /** Returns the exchange of a response; empty for a stray response. */
    static Optional<Exchange> of(@Nullable ClientTransaction transaction) {
        return transaction == null
                ? Optional.empty()
                : Optional.ofNullable((Exchange) transaction.getApplicationData());
    }

    void send() throws SipException {
        transaction.sendRequest();
    }

    void received(Response response) {
        if (response.getStatusCode() == Response.RINGING) {
            rang = true;
        }
        if (response.getStatusCode() >= 200) {
            last.complete(response);
        }
    }

    void timedOut() {
        last.completeExceptionally(new TimeoutException("no response"));
    }

    /** Waits for the final response. */
    Response await(Duration patience) throws PhoneException {
        try {
            return last.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new PhoneException(request().getMethod() + " to " + request().getRequestURI()
                    + " got no final response within " + patience.toMillis() + " ms");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PhoneException(
                    "interrupted while waiting for the response to " + request().getMethod());
        }
    }

    /** Returns true if a 180 has been received. */
    boolean rang() {
        return rang;
    }

    /** Returns the dialog that the 2xx to INVITE created. */
    Dialog dialog() {
        return Objects.requireNonNull(transaction.getDialog(), "dialog");
    }

    long cseq() {
        return ((CSeqHeader) request().getHeader(CSeqHeader.NAME)).getSeqNumber();
    }

    private Request request() {
        return transaction.getRequest();
    }
}
