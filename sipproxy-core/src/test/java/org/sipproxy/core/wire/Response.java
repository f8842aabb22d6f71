package org.sipproxy.core.wire;

import java.util.List;

/** Response written by a test (RFC 3261 §8.2.6). */
final class Response {

    private Response() {}

    static WireMessage of(WireClient sender, WireMessage request, int status, String... lines) {
        StringBuilder out = new StringBuilder(512);
        out.append("SIP/2.0 ").append(status).append(' ').append(reason(status)).append("\r\n");
        request.lines("Via").forEach(via -> out.append("Via: ").append(via).append("\r\n"));
        if (status > 100 && status < 300) {
            request.lines("Record-Route")
                    .forEach(route -> out.append("Record-Route: ").append(route).append("\r\n"));
        }
        String to = request.header("To");
        out.append("From: ").append(request.header("From")).append("\r\nTo: ").append(to);
        if (status > 100 && request.toTag().isEmpty()) {
            out.append(";tag=").append(tagOf(sender, request));
        }
        out.append("\r\nCall-ID: ").append(request.header("Call-ID"));
        out.append("\r\nCSeq: ").append(request.header("CSeq")).append("\r\n");
        String body = "";
        for (String line : lines) {
            if (line.startsWith("\r\n")) {
                body = line.substring(2);
            } else {
                out.append(line).append("\r\n");
            }
        }
        boolean target = request.method().equals("INVITE") || request.method().equals("SUBSCRIBE");
        if (target
                && status > 100
                && status < 300
                && List.of(lines).stream().noneMatch(l -> l.startsWith("Contact:"))) {
            out.append("Contact: <").append(sender.contact()).append(">\r\n");
        }
        out.append("Content-Length: ").append(body.length()).append("\r\n\r\n").append(body);
        return new WireMessage(out.toString(), request.source());
    }

    /** Returns the To tag: one for each dialog that this element may have with the caller. */
    private static String tagOf(WireClient sender, WireMessage request) {
        return "t" + sender.name() + Integer.toHexString((sender.name() + request.header("Call-ID")).hashCode());
    }

    private static String reason(int status) {
        return switch (status) {
            case 100 -> "Trying";
            case 180 -> "Ringing";
            case 183 -> "Session Progress";
            case 200 -> "OK";
            case 202 -> "Accepted";
            case 486 -> "Busy Here";
            case 487 -> "Request Terminated";
            case 503 -> "Service Unavailable";
            case 603 -> "Decline";
            default -> "Whatever";
        };
    }
}
