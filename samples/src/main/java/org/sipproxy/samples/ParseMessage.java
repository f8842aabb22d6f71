package org.sipproxy.samples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Use of the message library without a proxy: parses a request from a file, and prints its caller and an edited copy.
 */
public final class ParseMessage {

    private ParseMessage() {}

    /** Parses one request. The argument is the name of its file. */
    public static void main(String[] args) throws IOException, SipParseException {
        System.out.print(callerAndCopy(Files.readAllBytes(Path.of(args[0]))));
    }

    static String callerAndCopy(byte[] bytes) throws SipParseException {
        SipRequest invite = (SipRequest) SipMessage.parse(bytes, ParseLimits.DEFAULT);
        String caller = invite.from().uri().user();
        SipRequest edited = invite.withHeader(HeaderName.MAX_FORWARDS, "69");
        return caller + "\n" + edited;
    }
}
