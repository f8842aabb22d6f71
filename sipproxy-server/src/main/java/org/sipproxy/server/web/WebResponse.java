package org.sipproxy.server.web;

import java.nio.charset.StandardCharsets;

/**
 * A response.
 *
 * @param status 200 to 599
 * @param contentType the media type with its charset
 * @param body the body; not copied
 */
@SuppressWarnings("ArrayRecordComponent") // written once, by the server
public record WebResponse(int status, String contentType, byte[] body) {

    /** Returns a JSON document. */
    public static WebResponse json(int status, String json) {
        return of(status, "application/json", json + "\n");
    }

    /** Returns a text of a media type, in UTF-8. */
    public static WebResponse of(int status, String mediaType, String text) {
        return new WebResponse(status, mediaType + "; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }
}
