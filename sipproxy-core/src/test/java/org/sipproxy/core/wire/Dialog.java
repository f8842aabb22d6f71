package org.sipproxy.core.wire;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Dialog as one side sees it (RFC 3261 §12). Creates in-dialog requests. */
final class Dialog {

    private final WireClient owner;
    private final String callId;
    private final String local;
    private final String remote;
    private final String target;
    private final List<String> routes;
    private int cseq;

    private Dialog(
            WireClient owner,
            String callId,
            String local,
            String remote,
            String target,
            List<String> routes,
            int cseq) {
        this.owner = owner;
        this.callId = callId;
        this.local = local;
        this.remote = remote;
        this.target = target;
        this.routes = routes;
        this.cseq = cseq;
    }

    /** Returns the caller's dialog, from the response that it received. */
    static Dialog ofCaller(WireClient caller, WireMessage response) {
        List<String> routes = new ArrayList<>(response.elements("Record-Route"));
        Collections.reverse(routes);
        return new Dialog(
                caller,
                response.header("Call-ID"),
                response.header("From"),
                response.header("To"),
                WireMessage.uriOf(response.header("Contact")),
                routes,
                Integer.parseInt(response.header("CSeq").split(" ", -1)[0]));
    }

    /** Returns the callee's dialog, from the request that it received and the response that it sent. */
    static Dialog ofCallee(WireClient callee, WireMessage request, WireMessage response) {
        return new Dialog(
                callee,
                response.header("Call-ID"),
                response.header("To"),
                response.header("From"),
                WireMessage.uriOf(request.header("Contact")),
                request.elements("Record-Route"),
                100);
    }

    /** Returns the next request in the dialog. */
    Request request(String method) {
        cseq++;
        return write(method);
    }

    /** Returns the ACK of a 2xx: end to end, with the CSeq of the INVITE. */
    Request ack() {
        return write("ACK");
    }

    /** Returns the value of a Replaces that names this dialog to its remote side (RFC 3891 §6.1). */
    String replaces() {
        return callId + ";to-tag=" + tag(remote) + ";from-tag=" + tag(local);
    }

    private static String tag(String address) {
        return address.substring(address.indexOf(";tag=") + ";tag=".length());
    }

    List<String> routes() {
        return routes;
    }

    String target() {
        return target;
    }

    private Request write(String method) {
        Request request = owner.request(method, target)
                .from(local)
                .to(remote)
                .callId(callId)
                .cseq(cseq);
        routes.forEach(route -> request.with("Route: " + route));
        return request;
    }
}
