package org.sipproxy.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.SipResponse;

/** Request with its responses, sent again with credentials if it is challenged (RFC 3261 §22). */
final class Exchange {

    /** Maximum number of attempts: a registrar and a proxy may both challenge, and each may declare one nonce stale. */
    private static final int MOST_CHALLENGES = 4;

    private final PhoneCore core;
    private final RequestDraft draft;
    private final LongSupplier cseq;
    private final Consumer<SipResponse> onResponse;
    private final Inbox<SipResponse> responses = new Inbox<>();
    private final List<HeaderLine> credentials = new ArrayList<>();
    private int challenges;
    private volatile @Nullable ClientTransaction current;

    /**
     * Creates the exchange of a request that is not sent yet.
     *
     * @param cseq supplier of the next CSeq of the dialog or registration
     * @param onResponse called on the phone's thread for each response, except challenges that the phone responds to
     */
    Exchange(PhoneCore core, RequestDraft draft, LongSupplier cseq, Consumer<SipResponse> onResponse) {
        this.core = core;
        this.draft = draft;
        this.cseq = cseq;
        this.onResponse = onResponse;
    }

    Exchange start() {
        ClientTransaction transaction = new ClientTransaction(
                core.layer(), draft, Unique.branch(), cseq.getAsLong(), List.copyOf(credentials), this::received);
        current = transaction;
        core.layer().start(transaction);
        return this;
    }

    private void received(SipResponse response) {
        if (challenges < MOST_CHALLENGES) {
            Optional<HeaderLine> answer = core.digest().answer(response, draft, credentials);
            if (answer.isPresent()) {
                challenges++;
                credentials.removeIf(line -> line.name().equals(answer.get().name()));
                credentials.add(answer.get());
                start();
                return;
            }
        }
        onResponse.accept(response);
        responses.add(response);
    }

    /** Waits for the first response with a status. Returns the final response if it comes first. */
    SipResponse await(int status) {
        return awaitFirst(r -> r.statusCode() == status || !r.isProvisional(), "a response " + status);
    }

    SipResponse awaitFinal() {
        return awaitFirst(r -> !r.isProvisional(), "a final response");
    }

    SipResponse awaitAny() {
        return awaitFirst(r -> true, "a response");
    }

    private SipResponse awaitFirst(Predicate<SipResponse> condition, String what) {
        SipResponse found = responses.find(condition, core.patience()).orElse(null);
        if (found == null) {
            ClientTransaction transaction = current;
            if (transaction != null) {
                transaction.end();
            }
            throw core.missing(what + " to " + draft.method() + " " + draft.uri());
        }
        return found;
    }

    /** Sends the CANCEL of the INVITE, and returns its final response. */
    SipResponse cancel() {
        ClientTransaction invite = current;
        if (invite == null) {
            throw new IllegalStateException("cancel: the INVITE has not been sent");
        }
        Inbox<SipResponse> answers = new Inbox<>();
        core.layer().start(invite.cancel(answers::add));
        return answers.find(r -> !r.isProvisional(), core.patience())
                .orElseThrow(() -> core.missing("a final response to CANCEL " + draft.uri()));
    }
}
