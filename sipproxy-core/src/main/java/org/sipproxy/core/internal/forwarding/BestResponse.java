package org.sipproxy.core.internal.forwarding;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * The final response to forward if no branch gave a 2xx (RFC 3261 §16.7 step 6): a 6xx, otherwise the lowest class, and
 * within the 4xx one that tells the client how to retry. Any received response ranks before a locally generated status.
 * A transport error counts as a 503 (§16.9); neither it nor a timeout says more about the user than a phone's response.
 */
final class BestResponse {

    /** Ranks after every received response. */
    private static final int GENERATED = 10_000;

    private int rank = Integer.MAX_VALUE;
    private @Nullable SipResponse response;
    private @Nullable TransportFlow from;
    private int generatedStatus;
    /** Why {@link #generatedStatus} was generated. */
    private String why = "";

    /** The challenges and redirections: one that is forwarded carries those of the others. */
    private final List<SipResponse> merged = new ArrayList<>(0);

    void offer(SipResponse candidate, TransportFlow flow) {
        int status = candidate.statusCode();
        if (isChallenge(status) || status < 400) {
            merged.add(candidate);
        }
        int r = rank(status);
        if (r < rank) {
            rank = r;
            response = candidate;
            from = flow;
            generatedStatus = 0;
        }
    }

    /**
     * Adds a locally generated status with which a branch ended.
     *
     * @param reason for the log
     */
    void offerGenerated(int statusCode, String reason) {
        int r = GENERATED + rank(statusCode);
        if (r < rank) {
            rank = r;
            response = null;
            generatedStatus = statusCode;
            why = reason;
        }
    }

    /**
     * Adds the timeout of a branch of a non-INVITE request: any other response is better than a 408 (RFC 4320 §4.1).
     */
    void offerSilence(String reason) {
        if (rank == Integer.MAX_VALUE) {
            rank--;
            generatedStatus = StatusCode.REQUEST_TIMEOUT;
            why = reason;
        }
    }

    /** Adds a 3xx that leads back to targets of the request: every other response, and every failure, is better. */
    void offerLoop(SipResponse candidate, TransportFlow flow) {
        if (rank == Integer.MAX_VALUE) {
            rank--;
            response = candidate;
            from = flow;
        }
    }

    /** Returns the best received response; null if none was received. */
    @Nullable
    SipResponse response() {
        return response;
    }

    /** Returns the flow over which the best received response arrived; null if there is none. */
    @Nullable
    TransportFlow from() {
        return from;
    }

    /** Returns the status to respond with if {@link #response} is null; 0 if nothing was offered. */
    int generatedStatus() {
        return generatedStatus;
    }

    /** Returns why {@link #generatedStatus} was generated, for the log; empty if there is no reason. */
    String why() {
        return why;
    }

    /**
     * Returns the header lines of the other responses that are added to the best one (§16.7 step 7): the challenges if
     * it is a 401 or 407, the Contacts if it is a 3xx.
     */
    List<byte[]> linesOfOthers() {
        SipResponse best = response;
        if (best == null || merged.size() < 2) {
            return List.of();
        }
        List<byte[]> lines = new ArrayList<>();
        for (SipResponse other : merged) {
            if (other == best) {
                continue;
            }
            if (isChallenge(best.statusCode()) && isChallenge(other.statusCode())) {
                addLines(lines, other, HeaderName.WWW_AUTHENTICATE);
                addLines(lines, other, HeaderName.PROXY_AUTHENTICATE);
            } else if (best.statusCode() < 400 && other.statusCode() < 400) {
                addLines(lines, other, HeaderName.CONTACT);
            }
        }
        return lines;
    }

    private static boolean isChallenge(int status) {
        return status == StatusCode.UNAUTHORIZED || status == StatusCode.PROXY_AUTHENTICATION_REQUIRED;
    }

    private static void addLines(List<byte[]> lines, SipResponse response, HeaderName name) {
        for (int i = response.firstHeader(name); i >= 0; i = response.nextHeader(name, i)) {
            lines.add(response.index()
                    .copy(response.index().lineStart(i), response.index().lineEnd(i)));
        }
    }

    /** Returns the rank of a final response, or of a failure without one. The lowest is the best. */
    static int rank(int status, boolean received) {
        return received ? rank(status) : GENERATED + rank(status);
    }

    private static int rank(int status) {
        int statusClass = status / 100;
        if (statusClass == 6) {
            return status - 600;
        }
        if (statusClass == 4) {
            return switch (status) {
                case 401, 407, 415, 420, 484 -> 4000 + status - 400;
                default -> 4100 + status - 400;
            };
        }
        return statusClass * 1000 + status % 100;
    }
}
