package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class KamailioSchemaTest {

    private final PostgresFixture postgres = PostgresFixture.empty();

    @BeforeEach
    void open() {
        postgres.open();
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void whatWasCreatedVerifies() {
        KamailioSchema schema = KamailioSchema.on(postgres.dataSource());

        assertThat(schema.create()).isEqualTo(KamailioSchema.tables()).hasSize(12);

        assertThat(schema.verify()).isEmpty();
    }
}
