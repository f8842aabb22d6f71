package org.sipproxy.core.internal.registrar;

/**
 * What the registrar answers.
 *
 * @param statusCode 200 or a refusal
 * @param reason the reason phrase
 * @param headerLines header lines to add, each ended by CR LF
 */
public record RegistrarResponse(int statusCode, String reason, byte[] headerLines) {}
