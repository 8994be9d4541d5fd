        UPDATE jobs SET error = json_object('text', '{words}', 'values', json_object('words', error)) WHERE error <> '';
