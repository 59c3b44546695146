import './app.css';
import './base.css';
import { mount } from 'svelte';
import App from './App.svelte';
import { getLocale } from './paraglide/runtime';

document.documentElement.lang = getLocale();

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');

export default mount(App, { target });
