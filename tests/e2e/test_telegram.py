"""Telegram from a person's message to the answer, against a simulator of the Bot API (spec 03 §7.2)."""
import pytest

from botapi import TOKEN, BotApi
from gateway_client import test_config


@pytest.fixture
def tg():
    with BotApi() as api:
        yield api


def config(sim, tg, **telegram):
    c = test_config(sim.base_url)
    c['channels'] = {'telegram': {'botToken': TOKEN, 'apiRoot': tg.url, 'allowFrom': ['*'], 'dmPolicy': 'open', **telegram}}
    return c


def test_a_message_is_answered(start_gateway, sim, tg):
    start_gateway(config(sim, tg))
    ann = tg.person('Ann')
    sim.reply('Hello **Ann**.')
    ann.say('hi')
    tg.wait_for(lambda: tg.texts(ann.chat) == ['Hello Ann.'])
    assert [c[0] for c in tg.calls][:4] == ['getMe', 'deleteWebhook', 'setMyCommands', 'getUpdates']
